"""The repository of jobs: added, claimed atomically, wished something of, ended; seen by everyone.

The order in which they are taken is in ``queue``, what happened in them in ``events``, and how one
is done by several machines in ``parts``.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.events import Events
from core.catalog.models import JobRow
from core.catalog.parts import Parts, end_with
from core.catalog.queue import Queue, job_record
from core.catalog.records import ACTIVE, JobRecord, JobState, Lane
from core.catalog.repository import held_by, now
from core.errors import Conflict, InvalidInput, NotFound, Unreachable
from core.progress import Wishes
from core.who import acting, require

# What is known of a job before anybody has claimed it.
_AS_NEW: dict[str, Any] = {
    "state": "queued",
    "error": "",
    "error_id": "",
    "started_at": None,
    "ended_at": None,
    "heartbeat_at": None,
    "pid": None,
    "host": "",
    "machine": "",
    "phase": "",
    "done": 0,
    "total": None,
    "note": "",
}
_RESUMABLE = ("interrupted", "failed", "cancelled")
# What a job's spec says where a training follows it.
_FOLLOWED = ("then_learn", "then_train")


class Jobs(Queue, Parts, Events):
    """Jobs by id, their queue, and their events."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        before: Callable[[], str] = lambda: "",
        here: str = "",
    ) -> None:
        """
        Args:
            before: called before anybody can take a job; gives the computer that alone has what it
                needs, or "" once all have it.
            here: this computer, where that may be asked.
        """
        super().__init__(sessions)
        self._before, self._here = before, here

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
        home = self._before() if state == "queued" else ""
        at = time.time()
        row = JobRow(
            id=f"j-{uuid.uuid4().hex[:12]}",
            kind=kind,
            lane=lane,
            subject=subject,
            spec=spec,
            state=state,
            created_at=at,
            rank=at,
            wishes={},
            by=acting().name,
            home=home,
        )
        with self._sessions.begin() as session:
            session.add(row)
        return job_record(row)

    def hold(self, kind: str, spec: dict[str, Any], *, lane: Lane, subject: str = "") -> JobRecord:
        """Add a job that nobody takes before :meth:`release`, for what must be written first."""
        return self.add(kind, spec, lane=lane, subject=subject, state="held")

    def release(self, job_id: str, spec: dict[str, Any]) -> None:
        """Let a held job be taken, with its final spec."""
        home = self._before()
        self._do(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == "held")
            .values(state="queued", spec=spec, home=home)
        )

    def get(self, job_id: str) -> JobRecord:
        """The job with this id.

        Raises:
            NotFound: there is none.
        """
        row = self._first(select(JobRow).where(JobRow.id == job_id))
        if row is None:
            raise NotFound("That job is not here any more.")
        return job_record(row)

    def all(
        self,
        *,
        states: tuple[JobState, ...] | None = None,
        kind: str | None = None,
        subject: str | None = None,
        lane: Lane | None = None,
        parts: bool = False,
    ) -> list[JobRecord]:
        """Jobs in the order in which they were added; of those that are asked for, if any are.

        Args:
            parts: parts of other jobs, too.
        """
        query = select(JobRow).order_by(JobRow.created_at)
        if not parts:
            query = query.where(JobRow.whole == "")
        if states is not None:
            query = query.where(JobRow.state.in_(states))
        asked = {"kind": kind, "subject": subject, "lane": lane}
        query = query.filter_by(**{name: it for name, it in asked.items() if it is not None})
        return [job_record(row) for row in self._every(query)]

    def latest(
        self,
        kind: str,
        subject: str | None = None,
        *,
        states: tuple[JobState, ...] | None = None,
        **spec: Any,
    ) -> JobRecord | None:
        """The newest job of a kind, if there is one.

        Args:
            subject: about this dataset or run; ``None`` for any.
            spec: values that its spec must have, such as ``on="test"``.
        """
        for job in reversed(self.all(states=states, kind=kind, subject=subject)):
            if spec.items() <= job.spec.items():
                return job
        return None

    def active(self, kind: str, subject: str | None = None, **spec: Any) -> JobRecord | None:
        """As :meth:`latest`, of those that wait or run."""
        return self.latest(kind, subject, states=ACTIVE, **spec)

    def is_waited_for(self, *, but: Collection[str] = ("prepare",)) -> bool:
        """Whether somebody wants something of a training's worker, or what a training follows.

        Args:
            but: kinds of jobs that keep nobody waiting, being done on the mere chance.
        """
        try:
            jobs = self.all(states=ACTIVE)
        except Unreachable:
            return False
        return any(
            (job.lane == "train" and job.state == "queued" and job.kind not in but)
            or any(job.spec.get(then) for then in _FOLLOWED)
            for job in jobs
        )

    def heartbeat(self, job_id: str, claim: int | None = None) -> Wishes | None:
        """Say that the job's process lives; returns what the person wants of it by now.

        Args:
            claim: ``claims`` as it was when the caller claimed the job.

        Returns ``None`` when the job isn't the caller's any more: it was given up, and has perhaps
        been claimed by another process since.
        """
        mine = update(JobRow).where(JobRow.id == job_id, JobRow.state == "running")
        if claim is not None:
            mine = mine.where(JobRow.claims == claim)
        wishes = self._changed(mine.values(heartbeat_at=self._now()).returning(JobRow.wishes))
        return None if wishes is None else Wishes(**wishes)

    def progress(
        self,
        job_id: str,
        phase: str,
        done: int,
        total: int | None,
        note: str,
        *,
        claim: int | None = None,
    ) -> None:
        """Write the latest progress; nothing where it is not (any more) claimed with ``claim``."""
        mine = update(JobRow).where(JobRow.id == job_id)
        if claim is not None:
            mine = mine.where(JobRow.state == "running", JobRow.claims == claim)
        self._do(
            mine.values(phase=phase, done=done, total=total, note=note, heartbeat_at=self._now())
        )

    def wish(self, job_id: str, **changes: Any) -> JobRecord:
        """Want something of a waiting or running job, besides what is wanted of it already.

        Args:
            changes: fields of :class:`core.progress.Wishes`. A ``stop`` ends a waiting job at once;
                a running one hears of any wish within half a second.

        Returns the job as it is then; one that has ended stays as it is.

        Raises:
            InvalidInput: the learning rate can't work.
            NotAllowed: whoever acts may not decide about it.
            NotFound: there is no such job.
        """
        self._may_decide(job_id)
        rate = changes.get("learning_rate")
        if rate is not None and not 0 < rate <= 1:
            raise InvalidInput(
                f"A learning rate of {rate:g} can't work.",
                remedy="Choose one above 0 and at most 1.",
            )
        with self._sessions.begin() as session:
            # Written before it is read, so that two wishes at once can't lose each other.
            row = session.scalar(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(ACTIVE))
                .values(wishes=JobRow.wishes)
                .returning(JobRow)
            )
            if row is not None:
                wishes = dataclasses.replace(Wishes(**row.wishes), **changes)
                row.wishes = dataclasses.asdict(wishes)
                if row.state == "queued" and wishes.stop:
                    row.state, row.ended_at = "cancelled", time.time()
                    # Of a job that was lost and waits again, others may still do parts.
                    end_with(session, job_id)
        return self.get(job_id)

    def _may_decide(self, job_id: str) -> None:
        """Refuse whoever may not stop or change a job: trainings are trainers' business."""
        if not acting().may("trainer"):
            require("trainer" if self.get(job_id).lane == "train" else "labeller")

    def request_cancel(self, job_id: str, discard: bool = False) -> JobRecord:
        """Ask a job to stop: a queued one is cancelled at once, a running one stops soon.

        Args:
            discard: drop what it has done so far, where it could be kept.
        """
        return self.wish(job_id, stop="discard" if discard else "keep")

    def requeue(self, job_id: str) -> JobRecord:
        """Put a job that ended without success at the end of the queue again, its events kept.

        Raises:
            Conflict: it is waiting, running or done.
            NotFound: there is no such job.
        """
        self._may_decide(job_id)
        home = self._before()
        again = self._changed(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state.in_(_RESUMABLE))
            .values(rank=time.time(), wishes={}, lost=0, home=home, **_AS_NEW)
            .returning(JobRow.id)
        )
        job = self.get(job_id)
        if again is None:
            why = {"running": "It is running already.", "done": "It is done already."}
            raise Conflict(
                why.get(job.state, "It is waiting already."),
                remedy="Only what was interrupted, failed or was cancelled can be resumed.",
            )
        return job

    def give_back(self, job_id: str, *, claim: int) -> bool:
        """Put a running job that its owner has lost where it was in the queue, its events kept.

        Returns whether it was still claimed with this number, and isn't to stop.
        """
        with self._sessions.begin() as session:
            row = session.scalar(
                update(JobRow)
                .where(held_by(job_id, claim))
                .values(lost=JobRow.lost + 1)
                .returning(JobRow)
            )
            if row is None or row.wishes.get("stop"):
                return False
            for name, value in _AS_NEW.items():
                setattr(row, name, value)
        return True

    def finish(
        self,
        job_id: str,
        state: JobState,
        error: str = "",
        error_id: str = "",
        *,
        claim: int | None = None,
    ) -> bool:
        """End a held, queued or running job; a job that has ended already stays as it ended.

        Args:
            claim: end it only if it still runs under this claim, and not one that was given up and
                waits, or has been claimed anew.

        Returns whether this call ended it.
        """
        open_job = update(JobRow).where(JobRow.id == job_id, JobRow.state.in_(("held", *ACTIVE)))
        if claim is not None:
            open_job = open_job.where(JobRow.state == "running", JobRow.claims == claim)
        with self._sessions.begin() as session:
            ended = session.scalar(
                open_job.values(
                    state=state, error=error, error_id=error_id, ended_at=now(session)
                ).returning(JobRow.id)
            )
            if ended is not None:
                end_with(session, job_id)
        return ended is not None

    def silent(self, seconds: float) -> list[JobRecord]:
        """Running jobs whose process has not been heard of for ``seconds`` seconds."""
        beat = JobRow.heartbeat_at
        silent = beat.is_(None) | (beat < self._now() - seconds)
        query = select(JobRow).where(JobRow.state == "running", silent)
        return [job_record(row) for row in self._every(query)]
