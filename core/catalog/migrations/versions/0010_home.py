"""Jobs that need files which only one computer has yet."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("home", sa.String(64), nullable=False, server_default=""))
