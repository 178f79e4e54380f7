"""A copy of all state in one file, made while it is in use, and put back whole or not at all.

The file is a tar: first what it is, then the database as it was at one moment, then the files
beside it, and last a digest of each. Files of ours are written beside their place and renamed, and
rows come after the files that they speak of; so the database of a moment and the files of the
moments after it belong together. What can be made again (caches, logs, uploads on their way)
stays out. The database in it is a file of SQLite's wherever the catalog is, so a backup of a
server's can be put back without one, and the other way round.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from core import settings
from core.catalog.engines import copy_database, database_url, engine_of, is_on_server
from core.catalog.machines import Machines
from core.catalog.migrating import migrate
from core.catalog.restoring import ROWS_BEFORE, forget_store, number_of, restoring_note
from core.catalog.rows import (
    clear_rows,
    copy_rows,
    count_rows,
    hold_still,
    refuse_filled,
    write_file,
)
from core.catalog.server import place_of
from core.errors import Conflict, InvalidInput, LightboxError, NotAllowed, NotFound, disk_errors
from core.progress import SILENT, Reporter, Throttle
from core.workspace import (
    Workspace,
    atomic_path,
    ensure_space,
    finish_swap,
    keep_private,
    swap_of,
    write_json,
)

KIND = "lightbox-backup"
VERSION = 1
_ABOUT, _DIGESTS = "backup.json", "digests.json"
_LEFT_OUT = {"cache", "logs", "staging", "backups", ".depot"}
_CHUNK = 1024**2


def backup(workspace: Workspace, target: Path, report: Reporter = SILENT) -> dict[str, Any]:
    """Write a backup; the workspace may be in use meanwhile.

    Returns:
        ``files`` and ``bytes`` that are in it, and when it was made.

    Raises:
        NotFound: there is nothing to back up.
        Unreachable: the database is on a server that doesn't answer.
        NoSpace, InvalidInput: it can't be written there.
    """
    on_server = is_on_server()
    _refuse_elsewhere()
    if not on_server and not workspace.database.is_file():
        raise NotFound("There is nothing here to back up.", file=workspace.home)
    files = _files_of(workspace, target)
    total = sum(_size(file) for file in [*files, workspace.database])
    about = {"kind": KIND, "version": VERSION, "made_at": time.time()}
    digests: dict[str, str] = {}
    now_and_then = Throttle(0.2)
    with atomic_path(target) as part:
        ensure_space(part.parent, total, "the backup")
        snapshot = part.with_name(f"{part.name}.db")
        try:
            with disk_errors("the backup", target), tarfile.open(part, "w") as tar:
                if on_server:
                    _copy_server(database_url(workspace), snapshot, report)
                else:
                    copy_database(workspace.database, snapshot)
                _add_bytes(tar, _ABOUT, json.dumps(about).encode())
                _add(tar, "lightbox.db", snapshot, digests)
                # Those too that these rows speak of, and that have come meanwhile.
                files = _files_of(workspace, target)
                for number, file in enumerate(files):
                    if now_and_then():
                        report.step("backup", number, len(files), "Writing the backup")
                    # What was removed meanwhile isn't there, as after any removal.
                    with suppress(FileNotFoundError):
                        _add(tar, file.relative_to(workspace.home).as_posix(), file, digests)
                _add_bytes(tar, _DIGESTS, json.dumps(digests).encode())
        finally:
            snapshot.unlink(missing_ok=True)
        keep_private(part)
        size = part.stat().st_size
    return {"files": len(digests), "bytes": size, "made_at": about["made_at"]}


def restore(
    home: Path, source: Path, report: Reporter = SILENT, *, replace: bool = False
) -> dict[str, Any]:
    """Put a backup in place of a workspace; what was there is kept beside it.

    It is unpacked beside its place and checked, and takes the place when it is whole: whenever this
    is interrupted, the workspace is what it was before, or what was restored.

    Args:
        home: where the workspace is to be.
        replace: though there is one already.

    Returns:
        ``files``, when the backup was made, and ``before``: where what was there lies now, or "".

    Raises:
        NotFound, InvalidInput: the file is not there, is no backup, or is damaged.
        Conflict: there is a workspace already, or Lightbox is running on it.
        NotAllowed: it is the top of a disk, or can't be written.
    """
    _refuse_elsewhere()
    home = home.expanduser().resolve()
    if not source.is_file():
        raise NotFound("That file is not there.", file=source)
    if os.path.ismount(home):
        raise NotAllowed(
            "This folder is a disk of its own, which can’t be put aside for what is restored.",
            file=home,
            remedy="Restore into a folder on that disk: set LIGHTBOX_HOME to one.",
        )
    filled = (home.is_dir() and any(_files(home))) or (home / "lightbox.db").exists()
    if filled and not replace:
        raise Conflict(
            "There is a workspace here already.",
            file=home,
            remedy="Set LIGHTBOX_HOME to another folder, or say --replace: what is here is kept "
            "beside it then.",
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    for old in home.parent.glob(f"{home.name}.restoring-*"):
        shutil.rmtree(old, ignore_errors=True)
    ensure_space(home.parent, source.stat().st_size, "restoring the backup")
    new = home.with_name(f"{home.name}.restoring-{uuid.uuid4().hex[:8]}")
    before = home.with_name(f"{home.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        with disk_errors("restoring the backup", home):
            new.mkdir(mode=0o700)
            about, files = _unpack(source, new, report)
            _check_database(new / "lightbox.db", source)
            forget_store(new / "lightbox.db")
            refuse_running(home)
            _refuse_workers(home)
            kept = home.exists()
            with _rows_put_back(home, new, report, replace=replace) as (rows_before, number):
                if number is not None:
                    write_json(restoring_note(Workspace(new)), {"in": number, "was": before.name})
                # From here on it is finished by whoever opens the workspace next, if not by us.
                write_json(swap_of(home), {"new": new.name})
                if kept:
                    # While rows can still be left as they were, should this not be possible.
                    home.rename(before)
            if is_on_server():
                (new / "lightbox.db").unlink()
            if rows_before is not None:
                before.mkdir(mode=0o700, exist_ok=True)
                kept, filled = True, True
                rows_before.rename(before / "lightbox.db")
            finish_swap(home)
            restoring_note(Workspace(home)).unlink(missing_ok=True)
    except BaseException:
        if not home.exists() and before.exists():
            before.rename(home)
        swap_of(home).unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if kept and not filled:
        shutil.rmtree(before, ignore_errors=True)
    return {
        "files": files,
        "made_at": about["made_at"],
        "before": str(before) if kept and filled else "",
    }


def _files_of(workspace: Workspace, target: Path) -> list[Path]:
    """All files that belong into a backup; those that lie in a store are fetched from there."""
    if workspace.keeper is not None:
        workspace.keeper.bring_all()
    return [file for file in _files(workspace.home) if file != target.resolve()]


def _refuse_elsewhere() -> None:
    if os.environ.get("LIGHTBOX_DATABASE") and not is_on_server():
        store = f", and all that is in {settings.files()}" if settings.files() else ""
        raise NotAllowed(
            "The lists are in a file of their own (LIGHTBOX_DATABASE), so they aren't in such a "
            "backup.",
            remedy=f"Copy that file and LIGHTBOX_HOME as a folder{store}.",
        )


def _copy_server(url: str, target: Path, report: Reporter) -> None:
    """A server's rows as they are at one moment, in a file of SQLite's."""
    engine = engine_of(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            write_file(connection, target, report)
    finally:
        engine.dispose()


@contextmanager
def _rows_put_back(
    home: Path, new: Path, report: Reporter, *, replace: bool
) -> Iterator[tuple[Path | None, int | None]]:
    """Where the catalog is on a server, put a backup's rows there, instead of those that there are:
    with the end of the block, or not at all. Gives a file with those, if there are any, and the
    number of the transaction."""
    if not is_on_server():
        yield None, None
        return
    rows, put_back = new / "lightbox.db", Workspace(new)
    file, engine = engine_of(f"sqlite:///{rows}"), engine_of(database_url(Workspace(home)))
    try:
        migrate(file, put_back)
        migrate(engine, put_back)
        Machines(sessionmaker(engine)).refuse_at_work()
        with file.connect() as ours, engine.begin() as theirs:
            hold_still(theirs)
            before = None
            if any(count_rows(theirs).values()):
                if not replace:
                    refuse_filled(theirs, place_of(engine.url))
                before = rows.with_name(ROWS_BEFORE)
                write_file(theirs, before, report)
                clear_rows(theirs)
            copy_rows(ours, theirs, report)
            yield before, number_of(theirs)
    finally:
        file.dispose()
        engine.dispose()


def _files(home: Path) -> Iterator[Path]:
    """Files that belong into a backup, in order."""
    for folder, names, files in os.walk(home):
        place = Path(folder)
        if place == home:
            names[:] = sorted(name for name in names if name not in _LEFT_OUT)
            files = [each for each in files if not each.startswith(("lightbox.db", "."))]
        names.sort()
        for name in sorted(files):
            file = place / name
            unfinished = name.startswith(".") and ".part" in name
            if not unfinished and file.is_file() and not file.is_symlink():
                yield file


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


class _Digesting:
    """A file that is read while its digest is taken."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, file: Path, digests: dict[str, str]) -> None:
    with file.open("rb") as content:
        facts = os.fstat(content.fileno())
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = facts.st_size, int(facts.st_mtime), 0o600
        reading = _Digesting(content)
        tar.addfile(info, reading)
    digests[name] = reading.digest.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, BytesIO(data))


def _unpack(source: Path, target: Path, report: Reporter) -> tuple[dict[str, Any], int]:
    """What a backup says of itself, and how many files were written; all of them as they were."""
    damaged = InvalidInput(
        "This file is no backup of Lightbox, or it is damaged.",
        file=source,
        remedy="Use another copy of it.",
    )
    about: dict[str, Any] = {}
    digests: dict[str, str] | None = None
    found: dict[str, str] = {}
    try:
        with tarfile.open(source, "r:") as tar:
            for number, info in enumerate(tar):
                report.step("restore", number, None, "Unpacking the backup")
                content = tar.extractfile(info) if info.isreg() else None
                path = PurePosixPath(info.name)
                if content is None or path.is_absolute() or ".." in path.parts or digests:
                    raise damaged
                if number == 0:
                    about = json.loads(content.read(_CHUNK))
                    if about.get("kind") != KIND or about.get("version") != VERSION:
                        raise damaged
                elif info.name == _DIGESTS:
                    digests = json.load(content)
                else:
                    found[info.name] = _write(content, target.joinpath(*path.parts))
    except (tarfile.TarError, ValueError, KeyError, AttributeError, EOFError) as error:
        raise damaged from error
    if digests is None or digests != found:
        raise damaged
    return about, len(found)


def _write(content: IO[bytes], place: Path) -> str:
    reading = _Digesting(content)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with place.open("xb") as out:
        shutil.copyfileobj(reading, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())
    keep_private(place)
    return reading.digest.hexdigest()


def _check_database(database: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as opened:
            whole = opened.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        whole = False
    if not whole:
        raise InvalidInput("The database in this backup is damaged.", file=source)


def refuse_running(home: Path) -> None:
    """Refuse to take a workspace away from a running Lightbox.

    Raises:
        Conflict: one runs on it.
    """
    lock = home / ".workers.lock"
    if not lock.exists():
        return
    try:
        # The app holds it for as long as it runs.
        with FileLock(lock, timeout=0):
            return
    except Timeout as error:
        raise Conflict(
            "Lightbox is running on this workspace.", file=home, remedy="Close it first."
        ) from error


def _refuse_workers(home: Path) -> None:
    """Refuse to take a file away from workers beside the app, which keep no lock of the folder."""
    database = home / "lightbox.db"
    if is_on_server() or not database.is_file():
        return
    engine = engine_of(f"sqlite:///{database}")
    try:
        Machines(sessionmaker(engine)).refuse_at_work()
    except Conflict:
        raise
    except (SQLAlchemyError, LightboxError):
        # One that is damaged, or of an earlier version, names none; it may be replaced for that.
        return
    finally:
        engine.dispose()
