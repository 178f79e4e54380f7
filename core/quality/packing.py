"""A new folder or .zip that appears at once when all of it is written, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from core.datasets.layout import is_text
from core.errors import Conflict, InvalidInput, disk_errors, no_folder
from core.text import as_text
from core.workspace import ensure_space

_DOING = "the export"


class Packer(Protocol):
    """What files are put into."""

    def add(self, place: str, data: bytes) -> None:
        """Add a file; ``place`` is relative, with forward slashes, and not there yet."""


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[Path] = set()

    def add(self, place: str, data: bytes) -> None:
        file = self._folder / place
        if file.parent not in self._made:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(file.parent)
        with file.open("xb") as out:
            out.write(data)


class _Zip:
    """Images are compressed already, so they are only stored."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._time = time.localtime()[:6]

    def add(self, place: str, data: bytes) -> None:
        info = zipfile.ZipInfo(place, self._time)
        info.external_attr = 0o644 << 16
        self._archive.writestr(info, data)


def check_target(target: Path, archive: bool, untouchable: Iterable[Path]) -> Path:
    """Where something new can be written: ``target`` in full, an archive's with its suffix.

    Args:
        untouchable: folders that it must not lie in.

    Raises:
        InvalidInput: there can be nothing of that name, it lies in an untouchable folder, or in
            none that there is.
        Conflict: something is there already; an empty folder does not count, but for an archive.
        NotAllowed: it can't be looked at.
    """
    shown = as_text(str(target))
    try:
        if archive and target.suffix.lower() != ".zip":
            target = target.with_name(f"{target.name}.zip")
        target = target.expanduser().resolve()
        with disk_errors(_DOING, shown):
            inside = any(_holds(folder, target) for folder in untouchable)
            is_folder, is_there = target.is_dir(), os.path.lexists(target)
            is_empty = is_folder and not any(target.iterdir())
            beside_files = not _nearest_folder(target).is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise _impossible(shown) from error
    if beside_files or not is_text(str(target)):
        raise _impossible(shown)
    if inside:
        raise InvalidInput(
            "That is inside the dataset's own folder, which is never written to.",
            file=shown,
            remedy="Choose a place outside it.",
        )
    if is_there and (archive or not is_empty):
        raise _taken(target)
    if not os.path.lexists(target.parent):
        raise no_folder(target.parent, shown)
    return target


@contextmanager
def packing(target: Path, archive: bool, *, needed_bytes: int) -> Iterator[Packer]:
    """Pack files; what was packed is at ``target`` when all went well, and nowhere otherwise.

    Args:
        target: from :func:`check_target`.
        needed_bytes: the size of all files together.

    Raises:
        NoSpace, NotAllowed: the disk is full or may not be written to.
        Conflict: something has appeared at ``target`` meanwhile.
    """
    beside = _nearest_folder(target)
    ensure_space(beside, needed_bytes, _DOING)
    part = beside / f".lightbox-{uuid.uuid4().hex[:12]}.part"
    try:
        with disk_errors(_DOING, target):
            if archive:
                with zipfile.ZipFile(part, "x") as file:
                    yield _Zip(file)
            else:
                part.mkdir()
                yield _Folder(part)
            _put(part, target)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Give what is whole its name, unless that is taken by now."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and part.is_dir():
        # Windows renames nothing onto a folder, not even onto an empty one.
        try:
            target.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                raise
    if os.path.lexists(target):
        raise _taken(target)
    part.rename(target)


def _holds(folder: Path, place: Path) -> bool:
    """Whether ``place`` is ``folder`` or below it, by whatever name it is called."""
    if not folder.exists():
        return False
    return any(each.exists() and each.samefile(folder) for each in (place, *place.parents))


def _nearest_folder(target: Path) -> Path:
    """The nearest thing above ``target`` that is there."""
    return next((each for each in target.parents if each.exists()), target)


def _taken(target: Path) -> Conflict:
    return Conflict(
        "There is something of that name already, and nothing is ever overwritten.",
        file=as_text(str(target)),
        remedy="Choose another name.",
    )


def _impossible(shown: str) -> InvalidInput:
    return InvalidInput(
        "Nothing can be written there.", file=shown, remedy="Choose another name or place."
    )
