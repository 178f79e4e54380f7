"""Jobs that need files which only one computer has yet: they are kept for that one, until all have
them (:mod:`core.files.depot`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update

from core.catalog.models import JobRow
from core.catalog.repository import Repository
from core.progress import PUBLISH

_AS_BEFORE = {"phase": "", "done": 0, "total": None, "started_at": None}


class AtHome(Repository):
    """Waiting jobs of one computer; a part of :class:`core.catalog.jobs.Jobs`."""

    def kept_back(self, home: str) -> list[str]:
        """Ids of the jobs that wait for the files of a computer."""
        query = select(JobRow.id).where(JobRow.state == "queued", JobRow.home == home)
        return list(self._every(query))

    def let_out(self, job_ids: Sequence[str]) -> None:
        """Let others take jobs, too."""
        # What is known of those that nobody has taken meanwhile is as before.
        waiting = JobRow.id.in_(job_ids) & (JobRow.state == "queued")
        self._do(
            update(JobRow).where(JobRow.id.in_(job_ids)).values(home=""),
            update(JobRow).where(waiting).values(_AS_BEFORE),
        )

    def on_its_way(self, job_ids: Sequence[str], done: int, total: int | None) -> None:
        """Say of waiting jobs how many bytes of their files all computers have by now."""
        waiting = JobRow.id.in_(job_ids) & (JobRow.state == "queued")
        began = func.coalesce(JobRow.started_at, self._now())
        on_its_way = {"phase": PUBLISH, "done": done, "total": total, "started_at": began}
        self._do(update(JobRow).where(waiting).values(on_its_way))
