"""Datasets in the bin: since when, and what they were called, since their names are free."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("deleted_at", sa.Float(), nullable=True))
    op.add_column(
        "datasets", sa.Column("called", sa.String(255), nullable=False, server_default="")
    )
