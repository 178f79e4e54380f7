"""Machines that work for one catalog; and how often a job was claimed, which tells one owner from
the next."""

import sqlalchemy as sa
from alembic import op

from core.catalog.columns import LARGE

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("claims", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("lost", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("machine", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "machines",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("lanes", sa.String(64), nullable=False),
        sa.Column("cores", sa.Integer(), nullable=False),
        sa.Column("memory", LARGE, nullable=False),
        sa.Column("gpu", sa.String(255), nullable=False, server_default=""),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
    )
