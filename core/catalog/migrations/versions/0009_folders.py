"""Folders that lie in a store: which of its lists of files is whose."""

import sqlalchemy as sa
from alembic import op

from core.catalog.columns import LARGE

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "folders",
        sa.Column("unit", sa.String(160), primary_key=True),
        sa.Column("manifest", sa.String(255), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", LARGE, nullable=False),
    )
