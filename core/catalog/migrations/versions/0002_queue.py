"""A queue that can be put in order, and wishes (stop, pause, a learning rate) beside a bare cancel.

Columns are added and dropped in place: to make the table anew would, on SQLite, drop the old one,
and take the events along that hang on it.
"""

import sqlalchemy as sa
from alembic import op

from core.catalog.columns import DOCUMENT

revision = "0002"
down_revision = "0001"

JOBS = sa.table(
    "jobs",
    sa.column("created_at", sa.Float),
    sa.column("rank", sa.Float),
    sa.column("wishes", DOCUMENT),
    sa.column("cancel_requested", sa.Boolean),
)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("rank", sa.Float(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("wishes", DOCUMENT, nullable=False, server_default="{}"))
    op.execute(sa.update(JOBS).values(rank=JOBS.c.created_at))
    op.execute(
        sa.update(JOBS).where(JOBS.c.cancel_requested.is_(sa.true())).values(wishes={"stop": "keep"})
    )
    op.drop_column("jobs", "cancel_requested")
    op.drop_index("jobs_waiting", "jobs")
    op.create_index("jobs_waiting", "jobs", ["state", "lane", "rank"])
    op.create_index("events_of_kind", "events", ["job_id", "kind", "seq"])
