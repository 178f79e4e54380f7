"""Opening the catalog: one engine a database, SQLite in WAL mode, migrated to the newest schema.

SQLite is the default; ``LIGHTBOX_DATABASE`` may name another database that SQLAlchemy knows
(PostgreSQL, for example). Opening is cheap when the schema is current: Alembic is only imported
when something must be migrated.
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.changes import Changes
from core.catalog.datasets import Datasets
from core.catalog.jobs import Jobs
from core.catalog.runs import Runs
from core.errors import NotFound, disk_errors
from core.workspace import Workspace

HEAD = "0003"
BUSY_TIMEOUT_MS = 30_000
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


def open_catalog(workspace: Workspace) -> Catalog:
    """The catalog of ``workspace``, migrated to the newest schema; the same object every time.

    A database that was deleted since it was opened is made anew.

    Raises:
        NotFound: the database was written by a newer Lightbox.
        NoSpace, NotAllowed: it can't be written.
    """
    url = os.environ.get("LIGHTBOX_DATABASE") or f"sqlite:///{workspace.database}"
    with _lock:
        catalog = _open.get(url)
        if catalog is not None and (not url.startswith("sqlite") or workspace.database.exists()):
            return catalog
        if catalog is not None:
            catalog.engine.dispose()
        with disk_errors("opening the catalog"):
            engine = _engine(url)
            if _revision(engine) != HEAD:
                _migrate(url, workspace)
        _open[url] = catalog = Catalog(workspace, engine)
        return catalog


def _engine(url: str) -> Engine:
    engine = sqlalchemy.create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    return engine


def _revision(engine: Engine) -> str | None:
    """The schema's revision, or ``None`` for an empty database."""
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(url: str, workspace: Workspace) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from filelock import FileLock

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    with FileLock(workspace.home / ".migrating.lock"):
        engine = _engine(url)
        try:
            if _revision(engine) == HEAD:
                return
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise NotFound(
                "This workspace was last used by a newer Lightbox.",
                file=workspace.home,
                remedy="Update Lightbox, or set LIGHTBOX_HOME to another folder.",
            ) from error
        finally:
            engine.dispose()
