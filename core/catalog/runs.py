"""The repository of training runs. A run's state is its job's, so the two can't disagree."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.catalog.datasets import clean_name, new_id
from core.catalog.models import JobRow, RunRow
from core.catalog.records import RunRecord, RunSummary
from core.catalog.repository import as_record
from core.catalog.shelf import Shelf
from core.catalog.visibility import hidden, own
from core.errors import NotFound
from core.text import meant, quoted
from core.who import acting, require

_RUNS = select(RunRow, JobRow).join(JobRow, JobRow.id == RunRow.job_id)


class Runs(Shelf):
    """Runs by id or by name."""

    def add(
        self,
        name: str,
        *,
        dataset_id: str,
        dataset_version: int,
        spec: dict[str, Any],
        job_id: str,
        run_id: str | None = None,
        summary: RunSummary | None = None,
    ) -> RunRecord:
        """A new run, done by the job ``job_id``.

        Args:
            summary: what is known of it from the start.

        Raises:
            Conflict: the name is taken.
        """
        who = require("trainer")
        name = clean_name(name)
        row = RunRow(
            id=run_id or new_id(name),
            name=name,
            dataset_id=dataset_id,
            dataset_version=dataset_version,
            spec=spec,
            job_id=job_id,
            created_at=time.time(),
            summary=(summary or RunSummary()).as_json(),
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
                own(session, "run", row.id, who)
        except IntegrityError as error:
            raise self._taken(name) from error
        return self.get(row.id)

    def get(self, run_id: str) -> RunRecord:
        """The run with this id, wherever it was put.

        Raises:
            NotFound: there is none.
        """
        return self.find(run_id, deleted=True)

    def find(self, name_or_id: str, *, deleted: bool = False) -> RunRecord:
        """The run with this name or id, exactly as written, archived or not.

        Args:
            deleted: also if it is in the bin.

        Raises:
            NotFound: there is none; the sentence names the latest that there are. Or it is in the
                bin, and that isn't wanted.
        """
        with self._sessions() as session:
            found = session.execute(
                _RUNS.where((RunRow.name == name_or_id) | (RunRow.id == name_or_id))
            ).first()
            if found is not None and found[0].id in hidden(session, "run"):
                found = None
        if found is not None and (deleted or found[0].deleted_at is None):
            return _record(found[0], found[1])
        if found is not None:
            raise NotFound(
                f"The run “{found[0].name}” was deleted and is in the bin.",
                remedy="Restore it from there first.",
            )
        # A guest has been told of no name but that of their link.
        listed = acting().may("viewer")
        names = self._offered() if listed else []
        known = ", ".join(map(quoted, names[:5]))
        raise NotFound(
            f"There is no run named “{name_or_id}”.",
            remedy=f"{meant(name_or_id, names)} The latest are: {known}.".strip()
            if known
            else "Train one first."
            if listed
            else "",
        )

    def named(self, name: str | None) -> RunRecord | None:
        """The run that has this name, if there is one that isn't in the bin."""
        try:
            run = self.find(clean_name(name)) if name else None
        except NotFound:
            return None
        return run if run is not None and run.name == clean_name(name or "") else None

    def all(
        self, dataset_id: str | None = None, *, archived: bool = False, deleted: bool = False
    ) -> list[RunRecord]:
        """All runs, or those of one dataset, newest first.

        Args:
            archived: the archived ones too, as only lists of everything want.
            deleted: those in the bin instead of the others, archived or not.
        """
        query = _RUNS.order_by(RunRow.created_at.desc())
        if dataset_id is not None:
            query = query.where(RunRow.dataset_id == dataset_id)
        if deleted:
            query = query.where(RunRow.deleted_at.is_not(None))
        else:
            query = query.where(RunRow.deleted_at.is_(None))
            if not archived:
                query = query.where(RunRow.archived.is_(False))
        with self._sessions() as session:
            out = hidden(session, "run")
            found = session.execute(query).all()
            return [_record(run, job) for run, job in found if run.id not in out]

    def _offered(self) -> list[str]:
        """Names of the runs that :meth:`all` gives, without all else that is known of each."""
        there = RunRow.deleted_at.is_(None) & RunRow.archived.is_(False)
        query = select(RunRow.id, RunRow.name).where(there).order_by(RunRow.created_at.desc())
        with self._sessions() as session:
            out = hidden(session, "run")
            return [name for run_id, name in session.execute(query) if run_id not in out]

    def free_name(self, wanted: str) -> str:
        """``wanted 1``, ``wanted 2``, …: the first that is not taken."""
        taken = set(self._every(select(RunRow.name)))
        number = 1
        while f"{wanted} {number}" in taken:
            number += 1
        return f"{wanted} {number}"

    def respec(self, run_id: str, spec: dict[str, Any]) -> None:
        """Say with which settings a run was trained in the end, where it chose some itself."""
        self._do(update(RunRow).where(RunRow.id == run_id).values(spec=spec))

    def summarise(self, run_id: str, summary: RunSummary) -> None:
        """Add headline figures to a run's summary: those that are set."""
        with self._sessions.begin() as session:
            row = session.get(RunRow, run_id, with_for_update=True)
            if row is None:
                raise NotFound("That run is not here any more.")
            row.summary = {**row.summary, **summary.as_json()}


def _record(run: RunRow, job: JobRow) -> RunRecord:
    return as_record(
        RunRecord,
        run,
        state=job.state,
        error=job.error,
        summary=RunSummary.read(run.summary),
        tags=tuple(run.tags),
    )
