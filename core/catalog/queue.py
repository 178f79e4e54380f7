"""Which job comes next: waiting jobs have a rank, and the lowest is taken first.

A job's first rank is the time at which it was added. Moving jobs hands the ranks that there are
round among them, so one that is added afterwards still comes last. Jobs that need files which only
one computer has yet are kept for that one, until all have them (:mod:`core.files.depot`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session, aliased

from core.catalog.models import JobRow
from core.catalog.records import JobRecord, Lane
from core.catalog.repository import Repository, as_record, is_server, now
from core.errors import Conflict, NotFound
from core.progress import PUBLISH, Wishes
from core.who import require

Move = Literal["first", "up", "down", "last"]


@dataclass(frozen=True)
class Has:
    """What a machine has that jobs may need.

    Attributes:
        memory: bytes; 0 where it isn't known.
        gpu: whether there is one.
        exactly: it was made for jobs that need just this, and leaves others to others.
    """

    memory: int
    gpu: bool
    exactly: bool = False


# Whatever is asked for: a person has said which job to do here.
ALL = Has(2**62, True)
# Of these there is one at a time about a dataset: they write its index and its thumbnails.
_ALONE = ("import", "scan")
_ORDER = (JobRow.rank, JobRow.created_at, JobRow.id)
# What is known of one that waited for its files, once they are there.
_AS_BEFORE = {"phase": "", "done": 0, "total": None, "started_at": None}


class Queue(Repository):
    """Waiting jobs, in order; a part of :class:`core.catalog.jobs.Jobs`."""

    _here: str

    def claim(
        self,
        lane: Lane,
        *,
        pid: int,
        host: str,
        machine: str = "",
        has: Has = ALL,
        job_id: str | None = None,
        whole: str | None = None,
    ) -> JobRecord | None:
        """Take the first queued job of ``lane`` (or just ``job_id``, or the first part of
        ``whole``), so that nobody else can.

        Args:
            machine: the id of the machine whose worker takes it.
            has: what that one has; jobs that need more are passed over.

        Returns ``None`` when there is none to take.
        """
        wanted = select(JobRow.id).where(JobRow.state == "queued", JobRow.lane == lane)
        wanted = wanted.where(JobRow.home.in_(("", self._here)))
        if job_id is not None:
            wanted = wanted.where(JobRow.id == job_id)
        if whole is not None:
            wanted = wanted.where(JobRow.whole == whole)
        if has.exactly:
            wanted = wanted.where(JobRow.needs_memory == has.memory, JobRow.needs_gpu == has.gpu)
        elif has is not ALL:
            wanted = wanted.where(JobRow.needs_memory <= has.memory)
            if not has.gpu:
                wanted = wanted.where(JobRow.needs_gpu.is_(False))
        if job_id is None and whole is None:
            wanted = wanted.where(~_must_wait())
        # On a server, a job that another one is just taking is passed over, not waited for.
        first = wanted.order_by(*_ORDER).limit(1).with_for_update(skip_locked=job_id is None)
        while True:
            with self._sessions() as session:
                at = now(session)
                taken = session.scalar(
                    update(JobRow)
                    .where(JobRow.id == first.scalar_subquery(), JobRow.state == "queued")
                    .values(
                        state="running",
                        started_at=at,
                        heartbeat_at=at,
                        pid=pid,
                        host=host,
                        machine=machine,
                        claims=JobRow.claims + 1,
                    )
                    .returning(JobRow)
                )
                if taken is None:
                    return None
                if job_id is None and not _is_first(session, taken):
                    continue  # it is left as it was, and waits from now on
                session.commit()
                return job_record(taken)

    def need(self, job_id: str, *, memory: int = 0, gpu: bool = False) -> JobRecord:
        """Let a waiting job be taken only by a machine that has so many bytes of memory, and a GPU.

        Raises:
            Conflict: it is not waiting any more.
            NotFound: there is no such job.
        """
        require("trainer")
        with self._sessions.begin() as session:
            row = session.scalar(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(("held", "queued")))
                .values(needs_memory=memory, needs_gpu=gpu)
                .returning(JobRow)
            )
            if row is None:
                raise self._not_waiting(session, job_id)
            return job_record(row)

    def queue(self, lane: Lane) -> list[JobRecord]:
        """The waiting jobs of a lane, the next one first; parts of others are not among them."""
        query = select(JobRow).where(JobRow.state == "queued", JobRow.lane == lane)
        query = query.where(JobRow.whole == "")
        return [job_record(row) for row in self._every(query.order_by(*_ORDER))]

    def waiting(self, lane: Lane) -> int:
        """How many jobs of a lane are queued."""
        query = select(func.count()).where(JobRow.state == "queued", JobRow.lane == lane)
        return self._first(query) or 0

    def demand(self, machines: str) -> dict[tuple[Lane, Has], tuple[int, int]]:
        """How many jobs wait, and how many run on machines whose ids begin with ``machines``: by
        lane and what they need. Parts of others count like others."""
        runs = (JobRow.state == "running") & JobRow.machine.startswith(machines, autoescape=True)
        of = (JobRow.lane, JobRow.needs_memory, JobRow.needs_gpu)
        waits = (JobRow.state == "queued") & (JobRow.home == "")
        waiting = func.sum(case((JobRow.state == "queued", 1), else_=0))
        query = select(*of, waiting, func.count() - waiting).where(waits | runs).group_by(*of)
        with self._sessions() as session:
            rows = session.execute(query).all()
        return {
            (lane, Has(memory, gpu, exactly=True)): (int(waiting), int(running))
            for lane, memory, gpu, waiting, running in rows
        }

    def move(self, job_id: str, to: Move) -> list[JobRecord]:
        """Put a waiting job elsewhere among those of its lane; returns them in their new order.

        Raises:
            Conflict: it is not waiting any more.
            NotFound: there is no such job.
        """
        require("trainer")
        lane = select(JobRow.lane).where(JobRow.id == job_id).scalar_subquery()
        with self._sessions.begin() as session:
            if is_server(session):
                # In one order, so that two moves at once never wait for each other.
                queued = select(JobRow.id).where(JobRow.state == "queued", JobRow.lane == lane)
                session.execute(queued.order_by(JobRow.id).with_for_update())
            # Written before it is read, so that nobody can claim or move one in between.
            rows = session.execute(
                update(JobRow)
                .where(JobRow.state == "queued", JobRow.lane == lane)
                .values(rank=JobRow.rank)
                .returning(JobRow.rank, JobRow.created_at, JobRow.id, JobRow.lane)
            ).all()
            rows = sorted(rows, key=lambda row: tuple(row)[:3])
            order = [row.id for row in rows]
            if job_id not in order:
                raise self._not_waiting(session, job_id)
            at, last = order.index(job_id), len(order) - 1
            target = {"first": 0, "up": max(0, at - 1), "down": min(last, at + 1), "last": last}[to]
            order.insert(target, order.pop(at))
            for rank, moved in zip(_distinct([row.rank for row in rows]), order, strict=True):
                session.execute(update(JobRow).where(JobRow.id == moved).values(rank=rank))
        return self.queue(rows[0].lane)

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

    def _not_waiting(self, session: Session, job_id: str) -> Exception:
        if session.get(JobRow, job_id) is None:
            return NotFound("That job is not here any more.")
        return Conflict(
            "That job is not waiting any more.", remedy="Only waiting ones can be changed."
        )


def _must_wait() -> ColumnElement[bool]:
    """Whether another machine is writing what a job would write, too."""
    other = aliased(JobRow)
    writes = select(other.id).where(
        other.state == "running",
        other.kind.in_(_ALONE),
        other.subject == JobRow.subject,
        other.id != JobRow.id,
    )
    return JobRow.kind.in_(_ALONE) & (JobRow.subject != "") & writes.exists()


def _is_first(session: Session, job: JobRow) -> bool:
    """Whether a job that was just taken may still go on: on a server, another machine may have
    taken one that writes the same in the same instant. Until the transaction ends, no third can."""
    if job.kind not in _ALONE or not is_server(session):
        return True
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(job.subject))))
    # A new statement sees what was committed while the lock was waited for.
    return session.scalar(select(JobRow.id).where(JobRow.id == job.id, _must_wait())) is None


def job_record(row: JobRow) -> JobRecord:
    """The frozen value of a row."""
    return as_record(JobRecord, row, wishes=Wishes(**row.wishes))


def _distinct(ranks: list[float]) -> list[float]:
    """Rising ranks made strictly so: two jobs may have been added at one tick of the clock."""
    apart: list[float] = []
    for rank in ranks:
        apart.append(max(rank, math.nextafter(apart[-1], math.inf)) if apart else rank)
    return apart
