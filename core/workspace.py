"""Where everything lives on disk, and how it is written so that nothing is ever half there.

All state is under one folder (``LIGHTBOX_HOME``): deleting it resets the app, copying it moves
everything. Paths inside it are stored relative to it (``home:…``), so a copy works elsewhere::

    lightbox.db                     the catalog (datasets, decisions, jobs, runs)
    datasets/<id>/originals/        images that were uploaded (absent for a folder pointed at)
    datasets/<id>/index-<n>.parquet facts of one scan, one row an image
    datasets/<id>/thumbs.pack       thumbnails of all images, one after the other
    removed/<id>/                   the same of a dataset that lies in the bin
    runs/<id>/                      spec, history, model, evaluation, predictions of one run
    opened/                         which dataset each person had open last
    cache/                          can be deleted at any time: decoded arrays, features
    .depot/                         of folders that lie in a store too, how they are there
    staging/                        uploads on their way in; swept when stale
    logs/                           tracebacks of defects, workers' output
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import settings
from core.addresses import is_address, shown
from core.errors import (
    InvalidInput,
    NoSpace,
    NotAllowed,
    NotFound,
    Unreachable,
    disk_error,
    disk_errors,
    no_folder,
    not_writable,
)
from core.keeper import Keeper, folder_of
from core.text import as_text

INSIDE = "home:"
# What writing meets where there can be no file of that name.
_NO_PLACE = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG)
STALE_STAGING_S = 24 * 3600


@dataclass(frozen=True)
class Workspace:
    """The folders under one ``LIGHTBOX_HOME``. Making one creates nothing; see
    :func:`open_workspace`.

    Attributes:
        keeper: where folders lie in a store besides; one that is asked for is brought from there.
            A catalog's workspace has it (:func:`core.catalog.open_catalog`).
    """

    home: Path
    keeper: Keeper | None = field(default=None, compare=False, repr=False)

    @property
    def database(self) -> Path:
        return self.home / "lightbox.db"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    @property
    def staging(self) -> Path:
        return self.home / "staging"

    def dataset(self, dataset_id: str, *, whole: bool = False) -> Path:
        """Folder of one dataset (may not exist yet); ``whole``: with thumbnails left in a store."""
        return self._unit(f"datasets/{dataset_id}", whole=whole)

    def removed(self, dataset_id: str) -> Path:
        """Where what is kept of a dataset lies while it is in the bin."""
        return self.home / "removed" / dataset_id

    def originals(self, dataset_id: str) -> Path:
        """Where the images of an uploaded dataset are kept."""
        self.dataset(dataset_id)
        return self._unit(f"originals/{dataset_id}")

    def corrections(self, dataset_id: str) -> Path:
        """Where answers that people corrected wait to become images of a dataset."""
        return self._unit(f"corrections/{dataset_id}")

    def export(self, token: str) -> Path:
        """Where an export waits to be fetched by a browser."""
        return self._unit(f"exports/{token}")

    def parts(self, name: str) -> Path:
        """What computers that do one job together leave there for each other."""
        return self._unit(f"parts/{name}")

    def run(self, run_id: str) -> Path:
        """Folder of one run (may not exist yet)."""
        return self._unit(f"runs/{run_id}")

    def forget(self, unit: str) -> None:
        """Remove a folder for good, named as :class:`Keeper` has it."""
        if self.keeper is not None:
            # What of it can't be removed from a store only takes room there.
            with suppress(Unreachable, NotAllowed):
                self.keeper.forget(unit)
        shutil.rmtree(folder_of(self.home, unit), ignore_errors=True)

    def bytes_of(self, unit: str) -> int:
        """What a folder takes, wherever it lies; 0 if there is none."""
        kept = self.keeper.bytes_of(unit) if self.keeper is not None else None
        return disk_use(folder_of(self.home, unit)) if kept is None else kept

    def _unit(self, name: str, *, whole: bool = False) -> Path:
        if self.keeper is not None:
            self.keeper.bring(name, whole=whole)
        return folder_of(self.home, name)

    def store_path(self, path: Path) -> str:
        """``path`` as it is kept in the database: relative to the workspace when inside it."""
        if is_address(path):
            return shown(path)
        resolved = path.resolve()
        if resolved.is_relative_to(self.home):
            return INSIDE + resolved.relative_to(self.home).as_posix()
        return resolved.as_posix()

    def load_path(self, stored: str) -> Path:
        """The inverse of :meth:`store_path`, for this workspace's place on disk; an address of a
        bucket is a path here too (:mod:`core.addresses`)."""
        path = self.place_of(stored)
        if self.keeper is not None and stored.startswith(INSIDE):
            kind, _, rest = stored[len(INSIDE) :].partition("/")
            name, _, inside = rest.partition("/")
            if kind == "datasets" and inside.split("/")[0] == "originals":
                kind = "originals"
            if kind in ("datasets", "originals", "runs") and name:
                self._unit(f"{kind}/{name}")
        return path

    def place_of(self, stored: str) -> Path:
        """As :meth:`load_path`, for whoever only says where that is: what lies in a store isn't
        brought."""
        if stored.startswith(INSIDE):
            return self.home / stored[len(INSIDE) :]
        return Path(stored)

    def new_staging(self) -> Path:
        """A new empty folder for something on its way in; the caller moves or removes it."""
        with disk_errors("the upload"):
            self.staging.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="in-", dir=self.staging))

    def sweep_staging(self, older_than_s: float = STALE_STAGING_S) -> int:
        """Remove what interrupted uploads left behind longer ago than ``older_than_s`` seconds."""
        removed = 0
        for entry in self.staging.glob("in-*"):
            try:
                stale = time.time() - entry.stat().st_mtime > older_than_s
            except OSError:
                continue
            if stale:
                shutil.rmtree(entry, ignore_errors=True)
                removed += 1
        return removed


def disk_use(folder: Path) -> int:
    """Bytes of all files below a folder; 0 if it isn't there."""
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as inside:
                for entry in inside:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # removed meanwhile
    return total


def open_workspace(home: Path | None = None) -> Workspace:
    """The workspace at ``home`` (default: what the settings say), with its folders made.

    Raises:
        NoSpace, NotAllowed, InvalidInput: the folders can't be made.
    """
    workspace = Workspace((home or settings.load().home).expanduser().resolve())
    with disk_errors("opening the workspace"):
        folder = workspace.home
        try:
            finish_swap(workspace.home)
            for folder in (workspace.home, workspace.logs, workspace.cache, workspace.staging):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                keep_private(folder)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidInput(
                "There is a file where Lightbox wants to keep its folder.",
                file=folder,
                remedy="Move it away, or set LIGHTBOX_HOME to another folder.",
            ) from error
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL):
                raise
            raise InvalidInput(
                "There can be no folder where Lightbox wants to keep its own.",
                file=folder,
                remedy="Set LIGHTBOX_HOME to another folder.",
            ) from error
    return workspace


def swap_of(home: Path) -> Path:
    """Where it is written that a restored workspace is about to take this one's place."""
    return home.with_name(f"{home.name}.swap.json")


def finish_swap(home: Path) -> None:
    """Put a restored workspace in its place, should that have been interrupted."""
    note = swap_of(home)
    if not note.exists():
        return
    if not home.exists():
        # Another process may be doing the same.
        with suppress(FileNotFoundError):
            home.with_name(str(read_json(note)["new"])).rename(home)
    note.unlink(missing_ok=True)


def keep_private(path: Path) -> None:
    """Let nobody but its owner read a file or look into a folder of ours (not on Windows, where a
    user's folders are their own)."""
    if os.name == "nt":
        return
    with suppress(OSError):
        facts = path.stat()
        if facts.st_mode & 0o077 and facts.st_uid == os.geteuid():
            path.chmod(facts.st_mode & 0o700)


def new_token() -> str:
    """A name that nobody can guess, for addresses and file names; 32 letters and digits, and ``_``.

    Without ``-``, which the command line would take for the beginning of an option.
    """
    return secrets.token_urlsafe(24).replace("-", "_")


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A path beside ``target`` to write to; renamed onto it on success, removed on failure.

    Whoever reads ``target`` sees the old content or the new, never a part.
    """
    part = target.with_name(f".{target.stem[:200]}-{uuid.uuid4().hex[:8]}.part{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if target.is_relative_to(settings.load().home.expanduser().resolve()):
            keep_private(part)
        part.replace(target)
    except OSError as error:
        inside = target.is_relative_to(settings.load().home.expanduser().resolve())
        said = disk_error(error, f"writing {target.name}", None if inside else target)
        above = {str(each) for each in target.parents}
        # Outside the folder may have gone again, or be none of a disk, as /proc isn't.
        no_place = error.errno in _NO_PLACE or (error.errno == errno.ENOENT and not inside)
        named = {str(part), str(target), *above} if no_place else above
        if said is None and str(error.filename) in named:
            said = _impossible(target)
        if said is None:
            raise
        raise said from error
    finally:
        # Below a file, or where nothing may be looked at, there is no part to remove.
        with suppress(OSError):
            part.unlink(missing_ok=True)


def writable_place(path: Path, *, folder: bool = False) -> Path:
    """``path`` in full, if something can be written there; asked before work begins whose result
    would have no place.

    Args:
        folder: whether it is to be a folder, which is made; the one that it lies in never is.

    Raises:
        InvalidInput: it lies in no folder that there is, or below a file, or is a folder where a
            file is wanted or the opposite.
        NotAllowed: Lightbox has no right to write there.
    """
    named = as_text(str(path))
    if is_address(path):
        raise InvalidInput(
            "Lightbox writes no files into a bucket.", file=path, remedy="Name a folder or file."
        )
    try:
        target = path.expanduser().resolve()
        # ``os.path`` answers where ``Path`` would raise: in folders that may not be entered.
        there = next(each for each in (target, *target.parents) if os.path.lexists(each))
        is_folder = os.path.isdir(there)  # noqa: PTH112
        # A file that is there is replaced, which is a matter of its folder's rights.
        may = os.access(there if is_folder else there.parent, os.W_OK | os.X_OK)
    except (OSError, RuntimeError, ValueError) as error:
        raise _impossible(named) from error
    if is_folder != (folder or there != target):
        raise _impossible(named)
    if not may:
        raise not_writable(named)
    if not os.path.lexists(target.parent):
        raise no_folder(target.parent, named)
    return target


def _impossible(place: object) -> InvalidInput:
    return InvalidInput(
        "No file can be written there.", file=place, remedy="Choose another name or place."
    )


def write_json(target: Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically."""
    with atomic_path(target) as part, part.open("w", encoding="utf-8") as out:
        out.write(json.dumps(value, indent=1, ensure_ascii=False))
        # On the disk before it takes the other's place: else a power cut may leave neither.
        out.flush()
        os.fsync(out.fileno())


def read_json(path: Path) -> Any:
    """Read what :func:`write_json` wrote.

    Raises:
        NotFound: the file is missing or is not JSON, with what to do.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotFound(
            "A file that Lightbox keeps for itself is missing or damaged.",
            file=path,
            remedy="Run the step that makes it again.",
        ) from error


# What work leaves free on a disk: others need some, too, and so does the database.
_LEFT_FREE = 64 * 1024**2


def ensure_space(folder: Path, needed_bytes: int, doing: str) -> None:
    """Refuse work that would fill the disk, before it starts.

    Args:
        folder: any folder on the disk to be written to; its nearest existing parent is asked.
        needed_bytes: what will be written; some is left free on top.
        doing: completes "There is not enough free space for …".

    Raises:
        NoSpace: there is less free.
        NotAllowed: there is, and nothing may be written there, so that freeing some won't help.
    """
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    wanted = needed_bytes + _LEFT_FREE
    if free < wanted:
        if not os.access(place, os.W_OK):
            raise not_writable(folder)
        raise NoSpace(
            f"There is not enough free space for {doing}: it needs {wanted / 1024**2:,.0f} MB, "
            f"with what is left free, and {free / 1024**2:,.0f} MB are free.",
            file=place,
            remedy="Free some space, then try again.",
        )
