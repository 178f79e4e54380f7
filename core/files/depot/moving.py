"""Folders from a home into a store, from one store into another, or home again: each compared by
hash with what it was, and nothing changed before all of them are."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from pathlib import Path

from core.files.depot.contents import Contents
from core.files.depot.depot import Depot
from core.files.depot.disk import Disk
from core.files.depot.manifest import Ledger
from core.files.depot.places import Place
from core.progress import Reporter

_PHASE = "move"
_ENDLESS = 2**63


def bring_home(depot: Depot, report: Reporter) -> None:
    """Have all folders on this disk, each file of them as it was put into the store.

    Raises:
        Damaged: one isn't.
        LightboxError: as :meth:`Depot.bring`.
    """
    units = sorted(depot.ledger.all())
    for number, unit in enumerate(units):
        report.step(_PHASE, number, len(units), f"Fetching {unit}")
        depot.bring(unit, whole=True, anew=True, endless=True)


def send_all(home: Path, place: Place, planned: Ledger, report: Reporter) -> None:
    """Put all folders of a home into a store, and read each file again.

    Args:
        planned: an empty ledger; gets what has to be written down for it to hold.

    Raises:
        Damaged: a file isn't there what it is here.
        LightboxError: as :meth:`Depot.publish`.
    """
    aside = home / f".depot-{uuid.uuid4().hex[:8]}"
    depot = Depot(home, lambda: place, planned, _ENDLESS, records=aside)
    contents = Contents(lambda: place, planned)
    units = sorted(Disk(home).here())
    try:
        _ = depot.place  # noted also where there is no folder yet
        for number, unit in enumerate(units):
            report.step(_PHASE, 2 * number, 2 * len(units), f"Sending {unit}")
            depot.publish(unit)
            report.progress(_PHASE, 2 * number + 1, 2 * len(units), f"Comparing {unit}")
            name = planned.find(unit)
            assert name is not None, unit
            with tempfile.TemporaryDirectory(dir=aside) as folder:
                _read_all(contents, name, Path(folder))
        # From now on it is known to be as in the new store.
        shutil.rmtree(home / ".depot", ignore_errors=True)
        aside.rename(home / ".depot")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _read_all(contents: Contents, name: str, folder: Path) -> None:
    """Fetch what a manifest lists, into an empty folder."""
    files = contents.manifest(name).files

    def read(path: str) -> None:
        contents.fetch(files[path], folder, path)
        (folder / path).unlink()

    contents.each(read, files)
