"""Engines for the databases that a catalog can be in; copies of SQLite's files, and what it
complains about, as sentences: a full disk, a closed folder, a damaged file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy
from sqlalchemy import Engine, event

from core.catalog.server import server_engine, server_url
from core.errors import Conflict, Damaged, LightboxError, NoSpace, NotAllowed, NotFound
from core.workspace import Workspace, keep_private

BUSY_TIMEOUT_MS = 30_000
_READ_ONLY = ("readonly database", "read-only", "unable to open database file")
_FULL = ("disk is full", "disk i/o error", "no space left")
_DAMAGED = ("not a database", "malformed", "disk image is")
_BUSY = ("database is locked", "database table is locked")
# What a file says that the lists have left, to whoever still writes to it.
MOVED = "lists were moved"
# A database needs some room for what it writes on the way.
_LEAST_FREE = 1024**2


def database_url(workspace: Workspace) -> str:
    """Where the catalog of a workspace is, as ``LIGHTBOX_DATABASE`` says it."""
    return os.environ.get("LIGHTBOX_DATABASE") or f"sqlite:///{workspace.database}"


def is_on_server() -> bool:
    """Whether catalogs are kept on a server, and not in a file."""
    url = os.environ.get("LIGHTBOX_DATABASE") or "sqlite"
    return not url.startswith("sqlite")


def moved_note(workspace: Workspace) -> Path:
    """Where it is written that a workspace's lists have left its file."""
    return workspace.home / ".moved.json"


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


def at_once(engine: Engine) -> None:
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


def copy_database(database: Path, target: Path) -> None:
    """A copy of a database as it is at one moment, whoever writes to it."""
    with (
        closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as one,
        closing(sqlite3.connect(target)) as other,
    ):
        one.backup(other)
        # On its own, without files beside it.
        other.execute("PRAGMA journal_mode=DELETE")
    keep_private(target)


def sentence_for(error: BaseException, database: Path) -> LightboxError | None:
    """What a database's error means to a person; ``None`` for what only we can cause."""
    said = str(error).lower()
    full = any(words in said for words in _FULL)
    closed = any(words in said for words in _READ_ONLY)
    if full or (closed and _free(database) < _LEAST_FREE):
        return NoSpace(
            "The disk is full, so nothing can be written down.",
            file=database.parent,
            remedy="Free some space, then try again; what was there before is untouched.",
        )
    if closed:
        return NotAllowed(
            "Lightbox may not write to its own folder.",
            file=database.parent,
            remedy="Give it the right to write, or set LIGHTBOX_HOME to another folder.",
        )
    if any(words in said for words in _DAMAGED):
        return Damaged(
            "The file in which Lightbox keeps its lists is damaged.",
            file=database,
            remedy="Put a copy of it back, or move it away to begin anew; images and models beside "
            "it are untouched.",
        )
    if MOVED in said:
        return NotFound(
            "The lists of this workspace have just been moved to another database.",
            remedy="Set LIGHTBOX_DATABASE to its address, and start this again.",
        )
    if any(words in said for words in _BUSY):
        return Conflict("Another program keeps the database busy.", remedy="Try again in a moment.")
    return None


def _free(database: Path) -> int:
    try:
        return shutil.disk_usage(database.parent).free
    except OSError:
        return _LEAST_FREE
