"""Datasets in the bin: since when, and what they were called, since their names are free."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("deleted_at", sa.Float(), nullable=True))
    op.add_column(
        "datasets", sa.Column("called", sa.String(255), nullable=False, server_default="")
    )


def downgrade() -> None:
    for name in ("called", "deleted_at"):
        op.drop_column("datasets", name)
