"""Jobs that are parts of another one, so that several machines can do it together.

A part is in the queue where its whole was, so whoever is free takes it before what came later; it
is claimed, heard of and lost as any job is. It ends with its whole, and is forgotten then.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from core.catalog.models import JobRow
from core.catalog.records import ACTIVE, FINISHED, JobRecord, JobState
from core.catalog.repository import Repository, still_held
from core.errors import Cancelled

_APART_S = 1e-6  # more than the clock's smallest step, so that parts keep their order


class Parts(Repository):
    """Parts of jobs; a part itself of :class:`core.catalog.jobs.Jobs`."""

    def add_parts(self, whole: JobRecord, kind: str, specs: Sequence[dict[str, Any]]) -> list[str]:
        """Put parts of a running job into the light lane; returns their ids, in the same order.

        Parts of an earlier attempt at it are forgotten, or asked to stop.

        Args:
            whole: as it was claimed.

        Raises:
            Cancelled: it isn't whoever claimed it so any more.
        """
        at = time.time()
        ids = [f"j-{uuid.uuid4().hex[:12]}" for _ in specs]
        rows = [
            {
                "id": part_id,
                "kind": kind,
                "lane": "light",
                "subject": whole.subject,
                "spec": spec,
                "state": "queued",
                "created_at": at + number * _APART_S,
                "rank": whole.rank,
                "wishes": {},
                "by": whole.by,
                "whole": whole.id,
            }
            for number, (part_id, spec) in enumerate(zip(ids, specs, strict=True))
        ]
        with self._sessions.begin() as session:
            if not still_held(session, whole.id, whole.claims):
                raise Cancelled
            end_with(session, whole.id)
            _forget(session, whole.id)
            session.execute(JobRow.__table__.insert(), rows)  # type: ignore[attr-defined]
        return ids

    def states_of_parts(self, whole_id: str) -> dict[str, JobState]:
        """Which state each part of a job is in, by its id."""
        query = select(JobRow.id, JobRow.state).where(JobRow.whole == whole_id)
        with self._sessions() as session:
            return {row.id: row.state for row in session.execute(query)}

    def done_in_parts(self, whole_id: str) -> int:
        """How much is done of a job, by what its parts have reported."""
        query = select(func.coalesce(func.sum(JobRow.done), 0)).where(JobRow.whole == whole_id)
        return int(self._first(query) or 0)

    def take_again(self, part_id: str) -> bool:
        """Put a part in the queue again that ended without success; whether it had."""
        lost = ("interrupted", "failed", "cancelled")
        again = self._changed(
            update(JobRow)
            .where(JobRow.id == part_id, JobRow.whole != "", JobRow.state.in_(lost))
            .values(state="queued", done=0, error="", error_id="", ended_at=None)
            .returning(JobRow.id)
        )
        return again is not None

    def end_parts(self, whole: JobRecord) -> None:
        """Forget the parts of a job, and stop those that run; nothing where it was claimed anew.

        Args:
            whole: as it was claimed.
        """
        with self._sessions.begin() as session:
            if session.scalar(select(JobRow.claims).where(JobRow.id == whole.id)) == whole.claims:
                end_with(session, whole.id)
                _forget(session, whole.id)


def end_with(session: Session, whole_id: str) -> None:
    """End a job's parts with it, in the same transaction: waiting ones at once, others soon."""
    waits = JobRow.state == "queued"
    session.execute(
        update(JobRow)
        .where(JobRow.whole == whole_id, JobRow.state.in_(ACTIVE))
        .values(
            state=case((waits, "cancelled"), else_=JobRow.state),
            ended_at=case((waits, time.time()), else_=None),
            wishes={"stop": "discard"},
        )
    )


def _forget(session: Session, whole_id: str) -> None:
    """Forget parts that have ended: of this job, and of all that have ended themselves."""
    whole = aliased(JobRow)
    wanted = select(whole.id).where(whole.state.in_(ACTIVE), whole.id != whole_id)
    session.execute(
        delete(JobRow)
        .where(JobRow.whole != "", JobRow.state.in_(FINISHED), JobRow.whole.not_in(wanted))
        .execution_options(synchronize_session=False)
    )
