"""Opening the catalog: one engine a database, SQLite in WAL mode, migrated to the newest schema.

SQLite is the default; ``LIGHTBOX_DATABASE`` may name a database of PostgreSQL's (``server``).
Opening is cheap when the schema is current: Alembic is only imported when something must be
migrated.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from core import settings
from core.catalog.audit import Audit
from core.catalog.changes import Changes
from core.catalog.datasets import Datasets
from core.catalog.engines import database_url, engine_of, is_on_server, moved_note
from core.catalog.folders import Folders
from core.catalog.jobs import Jobs
from core.catalog.machines import Machines
from core.catalog.migrating import migrate
from core.catalog.people import People
from core.catalog.restoring import settle
from core.catalog.runs import Runs
from core.catalog.visibility import Visibility
from core.errors import Damaged, NotAllowed, NotFound, disk_errors
from core.workspace import Workspace, open_workspace, read_json

_NETWORKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "9pfs"}
_open: dict[str, Catalog] = {}
_lock = threading.Lock()


class Catalog:
    """The repositories of one database; safe to share between threads."""

    def __init__(self, workspace: Workspace, engine: Engine) -> None:
        self.workspace = workspace
        self.engine = engine
        sessions: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self.datasets = Datasets(sessions)
        self.changes = Changes(sessions)
        keeper = workspace.keeper
        self.jobs = Jobs(sessions, keeper.before_job, keeper.name) if keeper else Jobs(sessions)
        self.runs = Runs(sessions)
        self.visibility = Visibility(sessions)
        self.audit = Audit(sessions)
        self.machines = Machines(sessions)
        self.folders = Folders(sessions)
        self.people = People(sessions)

    @property
    def on_server(self) -> bool:
        """Whether the database is a server's, so that several machines may work for it."""
        return self.engine.dialect.name == "postgresql"


def open_catalog(workspace: Workspace) -> Catalog:
    """The catalog of ``workspace``, migrated to the newest schema; the same object every time.

    A database that was deleted since it was opened is made anew.

    Raises:
        NotFound: the database was written by a newer Lightbox.
        NoSpace, NotAllowed: it can't be written.
        Unreachable, InvalidInput: it is on a server that doesn't answer, or that is named wrongly.
    """
    url, files = database_url(workspace), settings.files()
    key = f"{url} {workspace.home} {files}"
    with _lock:
        catalog = _open.get(key)
        if catalog is not None and (not url.startswith("sqlite") or workspace.database.exists()):
            return catalog
        if catalog is not None:
            catalog.engine.dispose()
        with disk_errors("opening the catalog"):
            if url.startswith("sqlite:///") and not os.environ.get("LIGHTBOX_DATABASE"):
                _check_place(workspace)
            engine = engine_of(url)
            if is_on_server():
                settle(engine, workspace)
            migrate(engine, workspace)
        _open[key] = catalog = _with_files(Catalog(workspace, engine), files)
        return catalog


def opened_workspace() -> Workspace:
    """The workspace with all that its catalog knows of it: folders that lie in a store are brought
    when they are asked for."""
    return open_catalog(open_workspace()).workspace


def _with_files(catalog: Catalog, files: str) -> Catalog:
    """A catalog whose workspace brings folders from the store that they lie in, if they do.

    Raises:
        NotAllowed: they do, and nobody says which one.
        InvalidInput: it can't be a store.
    """
    if not files:
        place = catalog.folders.place()
        if place is not None:
            raise NotAllowed(
                f"The files of this workspace lie in {place[1]}.",
                file=catalog.workspace.home,
                remedy=f"Set LIGHTBOX_FILES={place[1]}",
            )
        return catalog
    return keeping(catalog, files)


def keeping(catalog: Catalog, files: str) -> Catalog:
    """The same catalog, with folders kept in a store.

    Raises:
        InvalidInput: it can't be a store.
    """
    # One computer needs nothing of this.
    from core.files.depot.places import open_place
    from core.files.depot.tending import TendedDepot

    place = open_place(files)
    home, limit = catalog.workspace.home, settings.cache_bytes()
    depot = TendedDepot(home, lambda: place, catalog.folders, limit)
    return Catalog(replace(catalog.workspace, keeper=depot), catalog.engine)


def _check_place(workspace: Workspace) -> None:
    """Refuse to begin an empty database beside full folders, or one where SQLite can't lock.

    Raises:
        Damaged: the database has gone.
        NotFound: it was moved to a server.
        NotAllowed: the workspace is on a network's disk.
    """
    if workspace.database.exists():
        return
    if moved_note(workspace).exists():
        place = read_json(moved_note(workspace))["place"]
        raise NotFound(
            f"The lists of this workspace were moved to {place}.",
            file=workspace.home,
            remedy="Set LIGHTBOX_DATABASE to the address of that database.",
        )
    kept = [
        each for each in ("datasets", "removed", "runs") if any((workspace.home / each).glob("*"))
    ]
    if kept:
        raise Damaged(
            f"The file in which Lightbox keeps its lists is missing, beside its {kept[0]}.",
            file=workspace.database,
            remedy="Put a copy of it back (there may be one in the folder backups), restore a "
            "backup, or move these folders away to begin anew.",
        )
    refuse_network_disk(workspace)


def refuse_network_disk(workspace: Workspace, *, leaving: bool = False) -> None:
    """Refuse to keep lists in a file on a network's disk.

    Args:
        leaving: they are about to leave the server that they are on.

    Raises:
        NotAllowed: they would be.
    """
    if is_on_server() and not leaving:
        return
    kind = disk_kind(workspace.home)
    if kind in _NETWORKS:
        raise NotAllowed(
            f"This folder is on a network’s disk ({kind}), where SQLite can lose what is written.",
            file=workspace.home,
            remedy="Set LIGHTBOX_HOME to a folder of this computer, or keep the database in "
            "PostgreSQL: LIGHTBOX_DATABASE=postgresql+pg8000://…",
        )


def disk_kind(folder: Path, mounts: str = "/proc/self/mounts") -> str:
    """What kind of disk a folder is on, in Linux's words ("ext4", "nfs4"); "" where nobody says."""
    best, kind = -1, ""
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " "))
        if folder.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), fields[2]
    return kind
