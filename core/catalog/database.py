"""Opening the catalog: one engine a database, SQLite in WAL mode, migrated to the newest schema.

SQLite is the default; ``LIGHTBOX_DATABASE`` may name a database of PostgreSQL's (``server``).
Opening is cheap when the schema is current: Alembic is only imported when something must be
migrated.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from functools import cached_property
from pathlib import Path

import sqlalchemy
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.audit import Audit
from core.catalog.backups import keep_database
from core.catalog.changes import Changes
from core.catalog.datasets import Datasets
from core.catalog.faults import sentence_for
from core.catalog.jobs import Jobs
from core.catalog.people import People
from core.catalog.runs import Runs
from core.catalog.server import server_engine, server_url
from core.catalog.visibility import Visibility
from core.errors import Damaged, NotAllowed, NotFound, disk_errors
from core.workspace import Workspace, disk_kind, keep_private

HEAD = "0005"
BUSY_TIMEOUT_MS = 30_000
_NETWORKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "9pfs"}
# Any number, as long as nothing else asks PostgreSQL for a lock of it.
_MIGRATING = 0x11687B0C
_MIGRATIONS = Path(__file__).parent / "migrations"
_open: dict[str, Catalog] = {}
_lock = threading.Lock()


class Catalog:
    """The repositories of one database; safe to share between threads."""

    def __init__(self, workspace: Workspace, engine: Engine) -> None:
        self.workspace = workspace
        self.engine = engine
        self._sessions: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)

    @cached_property
    def datasets(self) -> Datasets:
        return Datasets(self._sessions)

    @cached_property
    def changes(self) -> Changes:
        return Changes(self._sessions)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self._sessions)

    @cached_property
    def runs(self) -> Runs:
        return Runs(self._sessions)

    @cached_property
    def visibility(self) -> Visibility:
        return Visibility(self._sessions)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self._sessions)

    @cached_property
    def people(self) -> People:
        return People(self._sessions)


def open_catalog(workspace: Workspace) -> Catalog:
    """The catalog of ``workspace``, migrated to the newest schema; the same object every time.

    A database that was deleted since it was opened is made anew.

    Raises:
        NotFound: the database was written by a newer Lightbox.
        NoSpace, NotAllowed: it can't be written.
        Unreachable, InvalidInput: it is on a server that doesn't answer, or that is named wrongly.
    """
    url = database_url(workspace)
    key = f"{url} {workspace.home}"
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
            migrate(engine, workspace)
        _open[key] = catalog = Catalog(workspace, engine)
        return catalog


def database_url(workspace: Workspace) -> str:
    """Where the catalog of a workspace is, as ``LIGHTBOX_DATABASE`` says it."""
    return os.environ.get("LIGHTBOX_DATABASE") or f"sqlite:///{workspace.database}"


def _check_place(workspace: Workspace) -> None:
    """Refuse to begin an empty database beside full folders, or one where SQLite can't lock.

    Raises:
        Damaged: the database has gone.
        NotAllowed: the workspace is on a network's disk.
    """
    if workspace.database.exists():
        return
    kept = [each for each in ("datasets", "runs") if any((workspace.home / each).glob("*"))]
    if kept:
        raise Damaged(
            f"The file in which Lightbox keeps its lists is missing, beside its {kept[0]}.",
            file=workspace.database,
            remedy="Put a copy of it back (there may be one in the folder backups), restore a "
            "backup, or move these folders away to begin anew.",
        )
    kind = disk_kind(workspace.home)
    if kind in _NETWORKS:
        raise NotAllowed(
            f"This folder is on a network’s disk ({kind}), where SQLite can lose what is written.",
            file=workspace.home,
            remedy="Set LIGHTBOX_HOME to a folder of this computer, or keep the database in "
            "PostgreSQL: LIGHTBOX_DATABASE=postgresql+pg8000://…",
        )


def engine_of(url: str) -> Engine:
    """An engine for a database; whether it can be reached shows at its first use.

    Raises:
        InvalidInput: there is no such kind of database, or its driver is not installed.
    """
    if not url.startswith("sqlite"):
        return server_engine(server_url(url))
    database = Path(sqlalchemy.make_url(url).database or "lightbox.db")
    engine = sqlalchemy.create_engine(url, creator=lambda: _connect(database))

    @event.listens_for(engine, "handle_error")
    def _in_words(context: sqlalchemy.engine.ExceptionContext) -> None:
        sentence = sentence_for(context.original_exception, database)
        if sentence is not None:
            raise sentence from context.original_exception

    return engine


def _connect(database: Path) -> sqlite3.Connection:
    """Open SQLite; only to read where nothing can be written, as on a full disk.

    Raises:
        LightboxError: it can't be opened, as a sentence.
    """
    try:
        return _configured(sqlite3.connect(database, check_same_thread=False))
    except sqlite3.Error as error:
        wal = database.with_name(f"{database.name}-wal")
        whole = database.is_file() and not (wal.is_file() and wal.stat().st_size)
        if whole:
            with contextlib.suppress(sqlite3.Error):
                # Read-only still wants to write beside it, unless it is told that nobody does.
                uri = f"{database.resolve().as_uri()}?mode=ro&immutable=1"
                connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
                connection.execute("SELECT count(*) FROM sqlite_master")
                return connection
        sentence = sentence_for(error, database)
        if sentence is None:
            raise
        raise sentence from error


def _configured(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("SELECT count(*) FROM sqlite_master")
        cursor.close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _at_once(engine: Engine) -> None:
    """Have changes to tables be a part of the transaction too, so that a kill in the middle leaves
    the database as it was. Python's sqlite3 would end the transaction before each of them."""

    @event.listens_for(engine, "connect")
    def _no_own_transactions(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # What was opened before was opened without this.
    engine.dispose()


def _revision(engine: Engine) -> str | None:
    """The schema's revision, or ``None`` for an empty database."""
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, workspace: Workspace) -> None:
    """Bring a database to the newest schema, from nothing too; one process at a time.

    Raises:
        NotFound: it was written by a newer Lightbox.
    """
    if _revision(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from filelock import FileLock

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with FileLock(workspace.home / ".migrating.lock"):
        own = engine_of(engine.url.render_as_string(hide_password=False))
        try:
            before = _revision(own)
            if before == HEAD:
                return
            if own.dialect.name == "sqlite":
                if before is not None:
                    keep_database(workspace, before)
                _at_once(own)
            with own.begin() as connection:
                if own.dialect.name == "postgresql":
                    # Processes of other machines may be about to do the same.
                    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise NotFound(
                "This workspace was last used by a newer Lightbox.",
                file=workspace.home,
                remedy="Update Lightbox, or set LIGHTBOX_HOME to another folder.",
            ) from error
        finally:
            own.dispose()
    if engine.dialect.name == "sqlite":
        keep_private(workspace.database)
