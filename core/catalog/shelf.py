"""What people put on runs to find them again: names, stars, tags, notes; and where they put those
that are no longer of use: the archive, or the bin.

A run in the bin is as it was, and comes back whole; only :meth:`Shelf.forget` ends it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.catalog.audit import note
from core.catalog.datasets import clean_name, tidy
from core.catalog.models import JobRow, RunRow
from core.catalog.records import FINISHED, RunRecord
from core.catalog.repository import Repository
from core.errors import Conflict, InvalidInput, NotFound
from core.who import require

MAX_TAG = 40
MAX_TAGS = 20
MAX_NOTES = 20_000


class Shelf(Repository, ABC):
    """Runs as things to keep in order; a part of :class:`core.catalog.runs.Runs`."""

    @abstractmethod
    def get(self, run_id: str) -> RunRecord:
        """The run with this id; see :meth:`core.catalog.runs.Runs.get`."""

    def rename(self, run_id: str, name: str) -> RunRecord:
        """Call it otherwise, also while it is being trained.

        Raises:
            InvalidInput: the name is empty or too long.
            Conflict: the name is taken.
        """
        name = clean_name(name)
        try:
            return self._change(run_id, "renamed a model", f"“{name}”", name=name)
        except IntegrityError as error:
            raise self._taken(name) from error

    def star(self, run_id: str, starred: bool = True) -> RunRecord:
        """Mark it as one of the best, or take the mark off."""
        return self._change(run_id, starred=starred)

    def archive(self, run_id: str, archived: bool = True) -> RunRecord:
        """Offer it no longer, or again.

        Raises:
            Conflict: it is waiting or being trained.
        """
        if archived:
            self._refuse_running(run_id, "archived")
        did = "archived a model" if archived else "took a model out of the archive"
        return self._change(run_id, did, archived=archived)

    def note(self, run_id: str, text: str) -> RunRecord:
        """Write down something about it, in place of what was there; "" for nothing.

        Raises:
            InvalidInput: it is too long.
        """
        if len(text) > MAX_NOTES:
            raise InvalidInput(
                f"These notes are {len(text):,} characters long.",
                remedy=f"Use at most {MAX_NOTES:,}.",
            )
        return self._change(run_id, notes=text.strip())

    def set_tags(self, run_id: str, tags: Sequence[str]) -> RunRecord:
        """Give it exactly these tags. Tags that differ in case only are the same.

        Raises:
            InvalidInput: one is too long, or there are too many.
        """
        return self._change(run_id, tags=clean_tags(tags))

    def tags(self) -> list[str]:
        """All tags that runs have, in the order of the alphabet; not of those in the bin."""
        lists = self._every(select(RunRow.tags).where(RunRow.deleted_at.is_(None)))
        return clean_tags([tag for tags in lists for tag in tags], at_most=None)

    def delete(self, run_id: str) -> RunRecord:
        """Put it into the bin.

        Raises:
            Conflict: it is waiting or being trained.
        """
        self._refuse_running(run_id, "deleted")
        return self._change(run_id, "put a model into the bin", deleted_at=time.time())

    def restore(self, run_id: str) -> RunRecord:
        """Take it out of the bin, as it was."""
        return self._change(run_id, "took a model out of the bin", deleted_at=None)

    def forget(self, run_id: str) -> bool:
        """End a run in the bin: its row, its job and what happened in it. Its files are the
        caller's to remove. False if it isn't in the bin (any more)."""
        require("trainer")
        with self._sessions.begin() as session:
            row = session.get(RunRow, run_id)
            if row is None or row.deleted_at is None:
                return False
            job = session.get(JobRow, row.job_id)
            note(session, "removed a model for good", row.name)
            session.delete(row)
            session.flush()
            if job is not None:
                session.delete(job)
        return True

    def _change(self, run_id: str, did: str = "", how: str = "", **values: Any) -> RunRecord:
        """Set values of a run; what was done is logged where it is said (``did``)."""
        require("trainer")
        self.get(run_id)
        with self._sessions.begin() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise NotFound("That run is not here any more.")
            if did:
                note(session, did, row.name, how)
            for name, value in values.items():
                setattr(row, name, value)
        return self.get(run_id)

    def _refuse_running(self, run_id: str, what: str) -> None:
        run = self.get(run_id)
        if run.state not in FINISHED:
            raise Conflict(
                f"“{run.name}” is being trained or waits for it, so it can't be {what}.",
                remedy="Stop it first.",
            )

    def _taken(self, name: str) -> Conflict:
        """The sentence about a name that another run has, perhaps one in the bin."""
        other = self._first(select(RunRow).where(RunRow.name == name))
        if other is not None and other.deleted_at is not None:
            return Conflict(
                f"There is a run named “{name}” in the bin.",
                remedy="Choose another name, or empty the bin.",
            )
        return Conflict(f"There is already a run named “{name}”.", remedy="Choose another name.")


def clean_tags(tags: Sequence[str], *, at_most: int | None = MAX_TAGS) -> list[str]:
    """Tags tidied, each once whatever its case, in the order of the alphabet.

    Raises:
        InvalidInput: one is too long, or there are too many.
    """
    found: dict[str, str] = {}
    for tag in tags:
        text = tidy(tag).replace(",", " ").strip()
        if len(text) > MAX_TAG:
            raise InvalidInput(
                f"The tag “{text[:MAX_TAG]}…” is too long.",
                remedy=f"Use at most {MAX_TAG} characters.",
            )
        if text:
            found.setdefault(text.casefold(), text)
    if at_most is not None and len(found) > at_most:
        raise InvalidInput(f"These are {len(found)} tags.", remedy=f"Use at most {at_most}.")
    return [found[key] for key in sorted(found)]
