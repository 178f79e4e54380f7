"""The repository of jobs and their events: the queue, claimed atomically, seen by everyone."""

from __future__ import annotations

import time
import uuid
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.models import EventRow, JobRow
from core.catalog.records import EventRecord, JobRecord, JobState, Lane
from core.errors import NotFound


class Jobs:
    """Jobs by id, and the queue."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(
        self,
        kind: str,
        spec: dict[str, Any],
        *,
        lane: Lane,
        subject: str = "",
        state: JobState = "queued",
    ) -> JobRecord:
        """Put a job at the end of the queue."""
        row = JobRow(
            id=f"j-{uuid.uuid4().hex[:12]}",
            kind=kind,
            lane=lane,
            subject=subject,
            spec=spec,
            state=state,
            created_at=time.time(),
            host="",
            phase="",
            done=0,
            note="",
            error="",
            error_id="",
            cancel_requested=False,
        )
        with self._sessions.begin() as session:
            session.add(row)
        return _record(row)

    def hold(self, kind: str, spec: dict[str, Any], *, lane: Lane, subject: str = "") -> JobRecord:
        """Add a job that nobody takes before :meth:`release`, for what must be written first."""
        return self.add(kind, spec, lane=lane, subject=subject, state="held")

    def release(self, job_id: str, spec: dict[str, Any]) -> None:
        """Let a held job be taken, with its final spec."""
        with self._sessions.begin() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == "held")
                .values(state="queued", spec=spec)
            )

    def get(self, job_id: str) -> JobRecord:
        """The job with this id.

        Raises:
            NotFound: there is none.
        """
        with self._sessions() as session:
            row = session.get(JobRow, job_id)
        if row is None:
            raise NotFound("That job is not here any more.")
        return _record(row)

    def all(
        self, *, states: tuple[JobState, ...] | None = None, subject: str | None = None
    ) -> list[JobRecord]:
        """Jobs in the order in which they were added."""
        query = select(JobRow).order_by(JobRow.created_at)
        if states is not None:
            query = query.where(JobRow.state.in_(states))
        if subject is not None:
            query = query.where(JobRow.subject == subject)
        with self._sessions() as session:
            return [_record(row) for row in session.scalars(query).all()]

    def latest(self, subject: str, kind: str) -> JobRecord | None:
        """The newest job of a kind about a dataset or run, if there is one."""
        with self._sessions() as session:
            row = session.scalars(
                select(JobRow)
                .where(JobRow.subject == subject, JobRow.kind == kind)
                .order_by(JobRow.created_at.desc())
            ).first()
            return _record(row) if row else None

    def claim(
        self, lane: Lane, *, pid: int, host: str, job_id: str | None = None
    ) -> JobRecord | None:
        """Take the oldest queued job of ``lane`` (or just ``job_id``), so that nobody else can.

        Returns ``None`` when there is none to take.
        """
        wanted = select(JobRow.id).where(JobRow.state == "queued", JobRow.lane == lane)
        if job_id is not None:
            wanted = wanted.where(JobRow.id == job_id)
        now = time.time()
        with self._sessions.begin() as session:
            taken = session.scalar(
                update(JobRow)
                .where(
                    JobRow.id == wanted.order_by(JobRow.created_at).limit(1).scalar_subquery(),
                    JobRow.state == "queued",
                )
                .values(state="running", started_at=now, heartbeat_at=now, pid=pid, host=host)
                .returning(JobRow.id)
            )
        return None if taken is None else self.get(taken)

    def heartbeat(self, job_id: str) -> bool:
        """Say that the job's process lives; returns whether a cancel has been requested."""
        with self._sessions.begin() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == "running")
                .values(heartbeat_at=time.time())
            )
            return bool(session.scalar(select(JobRow.cancel_requested).where(JobRow.id == job_id)))

    def progress(self, job_id: str, phase: str, done: int, total: int | None, note: str) -> None:
        """Write the latest progress."""
        with self._sessions.begin() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id)
                .values(phase=phase, done=done, total=total, note=note, heartbeat_at=time.time())
            )

    def request_cancel(self, job_id: str) -> None:
        """Ask a job to stop: a queued one is cancelled at once, a running one stops soon."""
        with self._sessions.begin() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == "queued")
                .values(state="cancelled", ended_at=time.time(), cancel_requested=True)
            )
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == "running")
                .values(cancel_requested=True)
            )

    def finish(self, job_id: str, state: JobState, error: str = "", error_id: str = "") -> bool:
        """End a held, queued or running job; a job that has ended already stays as it ended.

        Returns whether this call ended it.
        """
        with self._sessions.begin() as session:
            ended = session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(("held", "queued", "running")))
                .values(state=state, error=error, error_id=error_id, ended_at=time.time())
                .returning(JobRow.id)
            ).scalar()
        return ended is not None

    def silent(self, seconds: float) -> list[JobRecord]:
        """Running jobs whose process has not been heard of for ``seconds`` seconds."""
        limit = time.time() - seconds
        with self._sessions() as session:
            rows = session.scalars(
                select(JobRow).where(
                    JobRow.state == "running",
                    or_(JobRow.heartbeat_at.is_(None), JobRow.heartbeat_at < limit),
                )
            ).all()
        return [_record(row) for row in rows]

    def waiting(self, lane: Lane) -> int:
        """How many jobs of a lane are queued."""
        with self._sessions() as session:
            return (
                session.scalar(
                    select(func.count())
                    .select_from(JobRow)
                    .where(JobRow.state == "queued", JobRow.lane == lane)
                )
                or 0
            )

    def append_event(self, job_id: str, kind: str, payload: dict[str, Any]) -> None:
        """Add an event to a job."""
        with self._sessions.begin() as session:
            session.add(EventRow(job_id=job_id, at=time.time(), kind=kind, payload=payload))

    def latest_event(self, job_id: str, kind: str) -> EventRecord | None:
        """The last event of one kind, if there is one."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.kind == kind)
        with self._sessions() as session:
            row = session.scalar(query.order_by(EventRow.seq.desc()).limit(1))
        if row is None:
            return None
        return EventRecord(row.seq, row.job_id, row.at, row.kind, row.payload)

    def events(
        self, job_id: str, *, after: int = 0, kinds: tuple[str, ...] | None = None
    ) -> list[EventRecord]:
        """Events of a job with ``seq > after``, oldest first."""
        query = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after)
        if kinds is not None:
            query = query.where(EventRow.kind.in_(kinds))
        with self._sessions() as session:
            rows = session.scalars(query.order_by(EventRow.seq)).all()
        return [EventRecord(row.seq, row.job_id, row.at, row.kind, row.payload) for row in rows]


def _record(row: JobRow) -> JobRecord:
    return JobRecord(**{name: getattr(row, name) for name in JobRecord.__dataclass_fields__})
