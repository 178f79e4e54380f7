"""Moving a catalog to another database, there and back: all or nothing, compared row by row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from core.catalog.backups import refuse_running
from core.catalog.database import Catalog, refuse_network_disk
from core.catalog.engines import (
    MOVED,
    at_once,
    copy_database,
    database_url,
    engine_of,
    moved_note,
)
from core.catalog.migrating import migrate
from core.catalog.models import Base
from core.catalog.rows import (
    compare_rows,
    copy_rows,
    count_rows,
    hold_still,
    is_filled,
    refuse_filled,
    write_file,
)
from core.catalog.server import place_of, server_url
from core.errors import Conflict, Damaged
from core.progress import SILENT, Reporter
from core.text import plural
from core.workspace import Workspace, atomic_path, write_json

FILE = "sqlite"


@dataclass(frozen=True)
class Moved:
    """What was moved.

    Attributes:
        place: where the lists are now, without a password.
        rows: how many; each was compared.
        kept: where a copy of a file of SQLite's lies that was left; "" where there was none.
    """

    place: str
    rows: int
    kept: str


def refuse_while_at_work(catalog: Catalog, what: str) -> None:
    """Refuse to move ``what`` under anybody who works with it.

    Raises:
        Conflict: jobs run, or Lightbox is open here or on another computer.
    """
    running = catalog.jobs.all(states=("running",))
    if running:
        raise Conflict(
            f"{plural(len(running), 'job')} still running, so {what} can’t be moved.",
            remedy="Let them end or stop them, and close Lightbox.",
        )
    refuse_running(catalog.workspace.home)
    catalog.machines.refuse_at_work()


def move_database(catalog: Catalog, target: str, report: Reporter = SILENT) -> Moved:
    """Move all lists of a workspace into another database; nothing is changed unless all of it is.

    Args:
        target: the address of an empty database of PostgreSQL's, or ``sqlite`` for the workspace's
            own file.

    Raises:
        Conflict: jobs run, Lightbox is open, the lists are there already, or the target is filled.
        InvalidInput, NotFound, NotAllowed, Unreachable: the target can't be used, such as a file on
            a network's disk.
        Damaged: a row can't be written there as it is.
    """
    refuse_while_at_work(catalog, "the lists")
    source = database_url(catalog.workspace)
    if target.strip().lower() == FILE:
        return _to_file(catalog, source, report)
    url = server_url(target)
    if not source.startswith("sqlite") and server_url(source) == url:
        raise Conflict("The lists are in this database already.", file=place_of(url))
    engine, kept = engine_of(target), ""
    try:
        migrate(engine, catalog.workspace)
        with _still(source) as ours:
            with engine.begin() as theirs:
                hold_still(theirs)
                if _is_moved(ours, theirs, report):
                    rows = sum(count_rows(theirs).values())
                else:
                    refuse_filled(theirs, place_of(url))
                    rows = copy_rows(ours, theirs, report)
            if source.startswith("sqlite"):
                kept = _close(ours, catalog.workspace, place_of(url))
    finally:
        engine.dispose()
    if kept:
        # Windows removes no file that is open, and this process has asked it.
        catalog.engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            file = catalog.workspace.database
            file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
    return Moved(place_of(url), rows, kept)


def _to_file(catalog: Catalog, source: str, report: Reporter) -> Moved:
    file = catalog.workspace.database
    if source.startswith("sqlite") or file.exists():
        raise Conflict(
            "The lists are in a file here already.",
            file=file,
            remedy="Give the address of a database: postgresql+pg8000://NAME@HOST/DATABASE",
        )
    refuse_network_disk(catalog.workspace, leaving=True)
    with _still(source) as ours, atomic_path(file) as part:
        rows = write_file(ours, part, report)
    moved_note(catalog.workspace).unlink(missing_ok=True)
    return Moved(str(file), rows, "")


def _is_moved(ours: Connection, theirs: Connection, report: Reporter) -> bool:
    """Whether all is there already, since moving was broken off between the end of one database's
    transaction and that of the other's."""
    if not is_filled(theirs):
        return False
    try:
        compare_rows(ours, theirs, report)
    except Damaged:
        return False
    return True


@contextmanager
def _still(url: str) -> Iterator[Connection]:
    """A connection to a database that nobody else writes to meanwhile."""
    engine: Engine = engine_of(url)
    try:
        if engine.dialect.name == "sqlite":
            at_once(engine)
        with engine.begin() as connection:
            hold_still(connection)
            yield connection
    finally:
        engine.dispose()


def _close(ours: Connection, workspace: Workspace, place: str) -> str:
    """Let nobody write any more to the file that the lists have left, not even who has it open
    already and waits for it now; returns where a copy lies that is as it was."""
    kept = workspace.home / "backups" / f"lightbox-moved-{time.strftime('%Y%m%d-%H%M%S')}.db"
    with atomic_path(kept) as part:
        copy_database(workspace.database, part)
    write_json(moved_note(workspace), {"place": place})
    for table in Base.metadata.tables:
        for change in ("INSERT", "UPDATE", "DELETE"):
            ours.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{MOVED}'); END"
            )
    return str(kept)
