"""Moving a workspace's folders into a store, into another one, or home again: all or nothing,
compared by hash."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from core.catalog.database import Catalog
from core.catalog.folders import folders_of_nobody
from core.catalog.moving import refuse_while_at_work
from core.errors import Conflict
from core.files.depot.depot import Depot
from core.files.depot.moving import bring_home, send_all
from core.files.depot.places import open_place
from core.progress import SILENT, Reporter

HOME = "home"


@dataclass(frozen=True)
class FilesMoved:
    """What was moved.

    Attributes:
        place: where folders lie now; "home" without a store.
        folders, files, bytes: how many; each file was read again.
    """

    place: str
    folders: int
    files: int
    bytes: int


def move_files(catalog: Catalog, target: str, report: Reporter = SILENT) -> FilesMoved:
    """Have all folders of a workspace lie in a store, or in none; nothing is changed unless all of
    it is.

    Args:
        target: as ``LIGHTBOX_FILES`` has it, or ``home`` for this computer's own folder.

    Raises:
        Conflict: jobs run, Lightbox is open, or they lie there already.
        InvalidInput: it can't be a store.
        Damaged: a file isn't what it was.
        LightboxError: a store can't be reached, or there is no room.
    """
    refuse_while_at_work(catalog, "files")
    home = target.strip().lower() == HOME
    keeper, workspace = catalog.workspace.keeper, catalog.workspace
    if home and keeper is None:
        raise Conflict("Files lie in this computer’s folder already.", file=workspace.home)
    place = None if home else open_place(target)
    known = catalog.folders.place()
    if place is not None and known is not None and place.shown == known[1]:
        raise Conflict("Files lie there already.", file=place.shown)
    if isinstance(keeper, Depot):
        keeper.settle_all()
        bring_home(keeper, report)
        # What this process has used is nobody's business from now on.
        keeper.close()
    # What lies in the bin stays where it is, for whom files lie in a store.
    for binned in (workspace.home / "removed").glob("*"):
        beside = workspace.home / "datasets" / binned.name
        if not beside.exists():
            beside.parent.mkdir(exist_ok=True)
            binned.rename(beside)
    if place is None:
        moved = catalog.folders.sizes()
        catalog.folders.replace(None)
        shutil.rmtree(workspace.home / ".depot", ignore_errors=True)
    else:
        planned = folders_of_nobody()
        send_all(workspace.home, place, planned, report)
        moved = planned.sizes()
        catalog.folders.replace(planned)
    files, sizes = [each[0] for each in moved], [each[1] for each in moved]
    return FilesMoved(place.shown if place else HOME, len(moved), sum(files), sum(sizes))
