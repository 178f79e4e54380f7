"""What people put on a run: a star, tags, notes; and whether it is archived or in the bin."""

import sqlalchemy as sa
from alembic import op

from core.catalog.columns import DOCUMENT

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name in ("starred", "archived"):
        op.add_column(
            "runs", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.add_column("runs", sa.Column("tags", DOCUMENT, nullable=False, server_default="[]"))
    op.add_column("runs", sa.Column("notes", sa.Text(), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("deleted_at", sa.Float(), nullable=True))
