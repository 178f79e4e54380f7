"""What happened in jobs: appended, read from where one left off."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.models import EventRow
from core.catalog.records import EventRecord


class Events:
    """Events of jobs; a part of :class:`core.catalog.jobs.Jobs`."""

    _sessions: sessionmaker[Session]

    def append_event(self, job_id: str, kind: str, payload: dict[str, Any]) -> None:
        """Add an event to a job."""
        with self._sessions.begin() as session:
            session.add(EventRow(job_id=job_id, at=time.time(), kind=kind, payload=payload))

    def replace_event(self, job_id: str, kind: str, payload: dict[str, Any]) -> None:
        """Add an event to a job, and forget the older ones of its kind."""
        with self._sessions.begin() as session:
            # Added first, so that its ``seq`` is above all that anybody has read.
            row = EventRow(job_id=job_id, at=time.time(), kind=kind, payload=payload)
            session.add(row)
            session.flush()
            session.execute(
                delete(EventRow)
                .where(EventRow.job_id == job_id, EventRow.kind == kind, EventRow.seq < row.seq)
                .execution_options(synchronize_session=False)
            )

    def latest_event(self, job_id: str, kind: str) -> EventRecord | None:
        """The last event of one kind, if there is one."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.kind == kind)
        with self._sessions() as session:
            row = session.scalar(query.order_by(EventRow.seq.desc()).limit(1))
        return None if row is None else _record(row)

    def events(
        self, job_id: str, *, after: int = 0, kinds: tuple[str, ...] | None = None
    ) -> list[EventRecord]:
        """Events of a job with ``seq > after``, oldest first."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after)
        if kinds is not None:
            query = query.where(EventRow.kind.in_(kinds))
        with self._sessions() as session:
            return [_record(row) for row in session.scalars(query.order_by(EventRow.seq)).all()]


def _record(row: EventRow) -> EventRecord:
    return EventRecord(row.seq, row.job_id, row.at, row.kind, row.payload)
