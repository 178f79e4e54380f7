"""Who keeps a workspace's folders in a store besides, where several computers share them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from core.progress import SILENT, Reporter

# Where each kind of folder lies below the home.
PLACES = {
    "runs": "runs/{}",
    "datasets": "datasets/{}",
    "originals": "datasets/{}/originals",
    "corrections": "corrections/{}",
    "exports": "exports/{}",
    "parts": "cache/parts/{}",
}

# Of a kind of folder, the file that is read where it lies: in a store, if it is large.
IN_PIECES = {"datasets": "thumbs.pack"}


def folder_of(home: Path, unit: str) -> Path:
    """Where a folder lies, named as :class:`Keeper` has it."""
    kind, _, name = unit.partition("/")
    return home / PLACES[kind].format(name)


class Waiting(Protocol):
    """Jobs that wait for files of this computer (:class:`core.catalog.queue.Queue`)."""

    def kept_back(self, home: str) -> list[str]:
        """Their ids."""

    def let_out(self, job_ids: Sequence[str]) -> None:
        """All have their files now."""

    def on_its_way(self, job_ids: Sequence[str], done: int, total: int | None) -> None:
        """So many bytes of them have arrived."""


class Keeper(Protocol):
    """:class:`core.files.depot.tending.TendedDepot`, as rooms below it know it.

    A folder's name is ``runs/<id>``, ``datasets/<id>``, ``originals/<id>`` (of a dataset),
    ``corrections/<id>``, ``exports/<token>`` or ``parts/<name>``.
    """

    def bring(self, unit: str, *, whole: bool = False) -> None:
        """See to it that a folder is here as it is everywhere; what is large and read in pieces
        (:data:`IN_PIECES`) only if that is asked for (``whole``), or if it is here."""

    def pieces(
        self, unit: str, path: str, places: Sequence[tuple[int, int]], *, anew: bool = False
    ) -> list[bytes] | None:
        """What lies at (offset, length) pairs of a file that was left in the store; ``None`` for
        one that wasn't."""

    def bring_again(self) -> None:
        """Bring what others have changed of all that this process uses."""

    def settle(self, report: Reporter = SILENT) -> None:
        """Publish what this process has used and changed."""

    def publish(self, unit: str, report: Reporter = SILENT) -> bool:
        """Have a folder be everywhere as it is here; whether there was anything to do."""

    def settle_all(self) -> None:
        """As :meth:`settle`, also of what no process has seen to that made it."""

    def bring_all(self) -> None:
        """Have all folders on this disk, for somebody who copies them."""

    def publish_of(self, names: Collection[str], claim: tuple[str, int]) -> None:
        """Publish what a process of this computer has left unfinished."""

    def working(
        self, job_id: str, claims: int, report: Reporter | None = None
    ) -> AbstractContextManager[None]:
        """A job is done in this thread."""

    def drop(self, units: Iterable[str]) -> None:
        """Forget what was done here, and is another's to do by now."""

    def forget(self, unit: str) -> None:
        """End a folder, here and in the store."""

    def bytes_of(self, unit: str) -> int | None:
        """What a folder takes in the store; ``None`` for one that isn't there."""

    def before_job(self) -> str:
        """See to what a job needs that is about to be queued; gives :attr:`name` where that is done
        later and nobody else can take it until then, else ""."""

    def deferring(self, waiting: Waiting, report: Reporter) -> AbstractContextManager[None]:
        """Publish what changes at the end, and let jobs out then; what is broken off is published
        as far as it is quick."""

    def tend(self, end: threading.Event, waiting: Waiting) -> None:
        """Publish what changes, until ``end``, and let jobs out that have waited for it."""

    @property
    def name(self) -> str:
        """This computer's, as the jobs have it that are kept for it: what it calls itself, and a
        few letters."""

    @property
    def touched(self) -> list[str]:
        """Folders that this process has used."""
