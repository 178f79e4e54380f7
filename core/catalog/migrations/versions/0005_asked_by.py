"""Who has asked for a job."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("by", sa.String(255), nullable=False, server_default=""))
