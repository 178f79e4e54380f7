"""Bringing a database to the newest schema."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy
from sqlalchemy import Engine, func, select, text

from core.catalog.engines import at_once, copy_database, engine_of
from core.errors import NotFound
from core.workspace import Workspace, atomic_path, keep_private

HEAD = "0010"
# Any number, as long as nothing else asks PostgreSQL for a lock of it.
_MIGRATING = 0x11687B0C
_MIGRATIONS = Path(__file__).parent / "migrations"
_KEPT_DATABASES = 5


def revision_of(engine: Engine) -> str | None:
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
    if revision_of(engine) == HEAD:
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
            before = revision_of(own)
            if before == HEAD:
                return
            if own.dialect.name == "sqlite":
                if before is not None:
                    keep_database(workspace, before)
                at_once(own)
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


def keep_database(workspace: Workspace, revision: str) -> Path:
    """A copy of the database as it is before it is changed to another version's."""
    folder = workspace.home / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"lightbox-{revision}-{time.strftime('%Y%m%d-%H%M%S')}.db"
    with atomic_path(target) as part:
        copy_database(workspace.database, part)
    # Not the one that lists were moved away from (lightbox-moved-…), which is there only once.
    kept = sorted(folder.glob("lightbox-[0-9]*.db"), key=lambda file: file.stat().st_mtime)
    for old in kept[:-_KEPT_DATABASES]:
        old.unlink(missing_ok=True)
    return target
