"""What happened in jobs: appended, read from where one left off."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.catalog.models import EventRow
from core.catalog.records import EventRecord
from core.catalog.repository import Repository, as_record, still_held


class Events(Repository):
    """Events of jobs; a part of :class:`core.catalog.jobs.Jobs`."""

    def append_event(
        self,
        job_id: str,
        kind: str,
        payload: dict[str, Any],
        *,
        claim: int | None = None,
        at: float | None = None,
        again: bool = False,
    ) -> bool:
        """Add an event to a job.

        Args:
            claim: only if it still runs, and was claimed last with this number.
            at: when it happened, in seconds since 1970; by default now.
            again: it was told before, and nobody knows whether that arrived.

        Returns whether it is there.
        """
        with self._sessions.begin() as session:
            if not _is_ours(session, job_id, claim):
                return False
            row = EventRow(job_id=job_id, at=at or time.time(), kind=kind, payload=payload)
            if not (again and _is_there(session, row)):
                session.add(row)
        return True

    def replace_event(
        self, job_id: str, kind: str, payload: dict[str, Any], *, claim: int | None = None
    ) -> bool:
        """As :meth:`append_event`, and forget the older ones of its kind."""
        with self._sessions.begin() as session:
            if not _is_ours(session, job_id, claim):
                return False
            # Added first, so that its ``seq`` is above all that anybody has read.
            row = EventRow(job_id=job_id, at=time.time(), kind=kind, payload=payload)
            session.add(row)
            session.flush()
            session.execute(
                delete(EventRow)
                .where(EventRow.job_id == job_id, EventRow.kind == kind, EventRow.seq < row.seq)
                .execution_options(synchronize_session=False)
            )
        return True

    def latest_event(self, job_id: str, kind: str) -> EventRecord | None:
        """The last event of one kind, if there is one."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.kind == kind)
        row = self._first(query.order_by(EventRow.seq.desc()).limit(1))
        return None if row is None else as_record(EventRecord, row)

    def events(
        self, job_id: str, *, after: int = 0, kinds: tuple[str, ...] | None = None
    ) -> list[EventRecord]:
        """Events of a job with ``seq > after``, oldest first."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after)
        if kinds is not None:
            query = query.where(EventRow.kind.in_(kinds))
        return [as_record(EventRecord, row) for row in self._every(query.order_by(EventRow.seq))]


def _is_ours(session: Session, job_id: str, claim: int | None) -> bool:
    """Whether a job runs under this claim. On a server its events get their numbers one after the
    other then: whoever reads on from a number misses none."""
    return claim is None or still_held(session, job_id, claim, shared=True)


def _is_there(session: Session, row: EventRow) -> bool:
    same = select(EventRow.seq).where(
        EventRow.job_id == row.job_id, EventRow.kind == row.kind, EventRow.at == row.at
    )
    return session.scalar(same.limit(1)) is not None
