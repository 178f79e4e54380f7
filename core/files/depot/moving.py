"""Folders from a home into a store, from one store into another, or home again: each compared by
hash with what it was, and nothing changed before all of them are."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Collection
from pathlib import Path

from core.files.depot.contents import Contents
from core.files.depot.depot import Depot
from core.files.depot.disk import Disk
from core.files.depot.ledger import Claim
from core.files.depot.places import Place
from core.progress import Reporter

_PHASE = "move"
_ENDLESS = 2**63
Row = tuple[str, int, int]


class Planned:
    """A ledger of what is to be, until it is.

    Attributes:
        rows: of each folder: its manifest, files and bytes.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._store: tuple[str, str] | None = None

    def find(self, unit: str) -> str | None:
        row = self.rows.get(unit)
        return row[0] if row else None

    def move(
        self, unit: str, was: str | None, now: str, size: tuple[int, int], claim: Claim | None
    ) -> bool:
        del was, claim  # nobody else knows of it
        self.rows[unit] = (now, *size)
        return True

    def forget(self, unit: str) -> None:
        self.rows.pop(unit, None)

    def busy(self) -> Collection[str]:
        return ()

    def whose(self, claim: Claim) -> tuple[bool, Collection[str]]:
        del claim  # nobody does anything meanwhile
        return True, ()

    def all(self) -> dict[str, tuple[str, int]]:
        return {unit: (row[0], row[2]) for unit, row in self.rows.items()}

    def place(self) -> tuple[str, str] | None:
        return self._store

    def settle_in(self, mark: str, shown: str) -> None:
        self._store = (mark, shown)


def bring_home(depot: Depot, report: Reporter) -> int:
    """Have all folders on this disk, each file of them as it was put into the store; returns how
    many folders.

    Raises:
        Damaged: one isn't.
        LightboxError: as :meth:`Depot.bring`.
    """
    units = sorted(depot.ledger.all())
    for number, unit in enumerate(units):
        report.check()
        report.progress(_PHASE, number, len(units), f"Fetching {unit}")
        depot.bring(unit, whole=True, anew=True, endless=True)
    return len(units)


def send_all(home: Path, place: Place, report: Reporter) -> Planned:
    """Put all folders of a home into a store, and read each file again; returns what has to be
    written down for it to hold.

    Raises:
        Damaged: a file isn't there what it is here.
        LightboxError: as :meth:`Depot.publish`.
    """
    planned = Planned()
    aside = home / f".depot-{uuid.uuid4().hex[:8]}"
    depot = Depot(home, lambda: place, planned, _ENDLESS, records=aside)
    contents = Contents(lambda: place, planned)
    units = sorted(Disk(home).here())
    try:
        _ = depot.place  # noted also where there is no folder yet
        for number, unit in enumerate(units):
            report.check()
            report.progress(_PHASE, 2 * number, 2 * len(units), f"Sending {unit}")
            depot.publish(unit)
            report.progress(_PHASE, 2 * number + 1, 2 * len(units), f"Comparing {unit}")
            with tempfile.TemporaryDirectory(dir=aside) as folder:
                _read_all(contents, planned.rows[unit][0], Path(folder))
        # From now on it is known to be as in the new store.
        shutil.rmtree(home / ".depot", ignore_errors=True)
        aside.rename(home / ".depot")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return planned


def _read_all(contents: Contents, name: str, folder: Path) -> None:
    """Fetch what a manifest lists, into an empty folder."""
    files = contents.manifest(name).files

    def read(path: str) -> None:
        contents.fetch(files[path], folder, path)
        (folder / path).unlink()

    contents.each(read, files)
