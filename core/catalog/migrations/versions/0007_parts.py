"""Jobs that are parts of another one; and what a job needs of the machine that takes it."""

import sqlalchemy as sa
from alembic import op

from core.catalog.columns import LARGE

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("whole", sa.String(64), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("needs_memory", LARGE, nullable=False, server_default="0"))
    op.add_column(
        "jobs", sa.Column("needs_gpu", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("jobs_of_whole", "jobs", ["whole"])
