"""The repository of changes: each dataset's append-only log, whose length is its version.

Two people who change the same dataset at once both get their change in, one after the other:
every change is its own row, so nothing is overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.catalog.models import ChangeRow, DatasetRow
from core.catalog.records import Change
from core.catalog.repository import Repository, as_record
from core.errors import NotFound
from core.who import require

_ATTEMPTS = 20
# What each kind of change is called wherever people read of it.
DECISIONS = {
    "exclude": "Excluded",
    "restore": "Restored",
    "keep": "Marked as fine",
    "relabel": "Moved to another class",
    "class": "Classes changed",
    "undo": "Undone",
    "index": "Scanned",
    "copies": "Looked for near-duplicates",
    "suspects": "Looked for wrong labels",
}


class Changes(Repository):
    """Append to, and read, the logs."""

    def append(
        self,
        dataset_id: str,
        action: str,
        payload: dict[str, Any],
        *,
        author: str,
        why: str = "",
    ) -> Change:
        """Add a change; the dataset's version becomes the change's.

        Raises:
            NotFound: there is no such dataset.
        """
        require("labeller")
        for attempt in range(_ATTEMPTS):
            try:
                with self._sessions.begin() as session:
                    dataset = session.get(DatasetRow, dataset_id, with_for_update=True)
                    if dataset is None or dataset.deleted_at is not None:
                        raise NotFound("That dataset is not here any more.")
                    change = Change(
                        dataset_id,
                        dataset.version + 1,
                        time.time(),
                        author,
                        action,
                        why,
                        payload,
                    )
                    session.add(ChangeRow(**change.__dict__))
                    dataset.version = change.version
                return change
            except IntegrityError:
                # Another process appended the same version between our read and our write.
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def last(self, dataset_id: str, actions: Sequence[str]) -> int:
        """The version at which one of these was done last; 0 if none ever was."""
        query = select(func.max(ChangeRow.version)).where(
            ChangeRow.dataset_id == dataset_id, ChangeRow.action.in_(actions)
        )
        return self._first(query) or 0

    def of(self, dataset_id: str, up_to: int | None = None) -> list[Change]:
        """The log of a dataset, oldest first, up to and including version ``up_to``."""
        query = select(ChangeRow).where(ChangeRow.dataset_id == dataset_id)
        if up_to is not None:
            query = query.where(ChangeRow.version <= up_to)
        return [as_record(Change, row) for row in self._every(query.order_by(ChangeRow.version))]
