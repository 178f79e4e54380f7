"""Who has asked for a job."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("by", sa.String(255), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("jobs", "by")
