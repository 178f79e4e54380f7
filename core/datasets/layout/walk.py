"""One walk through a folder: pictures, tables beside them, and why all else is left out.

Links are followed where what they lead to may be read; circles and second ways to the same folder
are noticed. A folder that can't be read, or a path that is too long, is listed and stops nothing.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from core.datasets import content, formats
from core.datasets.layout.names import is_litter, is_text, is_told_litter
from core.datasets.layout.values import Entry, Skipped
from core.datasets.layout.walked import MOST_LOOKED_INTO, Walked, too_many
from core.errors import NotAllowed, NotFound
from core.progress import Reporter, Throttle
from core.text import as_text

_OUTSIDE = "It is a link to a {} outside those that may be read; LIGHTBOX_ROOTS says which may."


def walk(root: Path, allowed: Sequence[Path], max_files: int, report: Reporter) -> Walked:
    """Look through ``root``.

    Args:
        allowed: folders that links may lead into, resolved; ``root`` itself always may.

    Raises:
        InvalidInput: there are more than ``max_files`` pictures.
        NotFound, NotAllowed: ``root`` is not there, or can't be read.
    """
    if not root.is_dir():
        raise NotFound(
            "That folder is not there.", file=root, remedy="Check its name and try again."
        )
    try:
        return _Walk(root, allowed, max_files, report).all()
    except PermissionError as error:
        raise NotAllowed(
            "Lightbox may not read this folder.",
            file=error.filename or root,
            remedy="Give it the right to, or choose another folder.",
        ) from error
    except OSError as error:
        raise NotFound(
            "This folder can't be read to its end, or was changed meanwhile.",
            file=error.filename or root,
            remedy="Try again.",
        ) from error


class _Walk:
    def __init__(
        self, root: Path, allowed: Sequence[Path], max_files: int, report: Reporter
    ) -> None:
        self.root, self.max_files, self.report = root, max_files, report
        self.allowed = [root.resolve(), *allowed]
        self.result = Walked()
        self.now_and_then = Throttle(0.2)
        self.looked_into = 0
        # Sliced, since making a Path of each of 60,000 names takes a second.
        self.below = len(os.path.join(root, ""))  # noqa: PTH118

    def all(self) -> Walked:
        seen = {self._identity(os.stat(self.root))}  # noqa: PTH116
        folders: list[tuple[str, bool]] = [(os.fspath(self.root), False)]
        first = True
        while folders:
            folder, linked = folders.pop()
            try:
                with os.scandir(folder) as found:
                    entries = list(found)
            except OSError as error:
                if first:
                    raise
                self._skip(folder, _unreadable(error))
                continue
            first = False
            for entry in entries:
                if is_litter(entry.name):
                    if is_told_litter(entry.name) and entry.is_dir(follow_symlinks=False):
                        self.result.litter[entry.name] += 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, linked))
                elif entry.is_symlink() and (target := self._folder_link(entry, seen)) is not None:
                    if target:
                        folders.append((entry.path, True))
                else:
                    self._file(entry)
            if self.now_and_then():
                self.report.step("find", len(self.result.entries), None, "Looking for images")
        self.report.step("find", len(self.result.entries), None, "Looking for images")
        return self.result

    def _folder_link(self, entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> bool | None:
        """Whether a link leads to a folder to look into; none if it leads to no folder."""
        try:
            facts = entry.stat()
            if not stat.S_ISDIR(facts.st_mode):
                return None
            target = Path(entry.path).resolve()
        except (OSError, RuntimeError):
            return None  # a link to itself, or to nothing: told as a file
        here = Path(entry.path).parent.resolve()
        if here.is_relative_to(target) or self._identity(facts) in seen:
            self._skip(entry.path, "It is a link to a folder that it lies in, or that was found.")
        elif not self._may(target):
            self._skip(entry.path, _OUTSIDE.format("folder"))
        elif target.is_relative_to(self.allowed[0]):
            self._skip(entry.path, "It is a link to a folder that is found here anyway.")
        else:
            seen.add(self._identity(facts))
            return True
        return False

    @staticmethod
    def _identity(facts: os.stat_result) -> tuple[int, int]:
        return facts.st_dev, facts.st_ino

    def _may(self, target: Path) -> bool:
        return any(target.is_relative_to(folder) for folder in self.allowed)

    def _skip(self, path: str, why: str) -> None:
        relative = as_text(path[self.below :].replace(os.sep, "/"))
        self.result.skipped.append(Skipped(relative, why))

    def _file(self, entry: os.DirEntry[str]) -> None:
        suffix = formats.suffix_of(entry.name)
        try:
            facts = entry.stat()
            if entry.is_symlink() and not self._may(Path(entry.path).resolve()):
                self._skip(entry.path, _OUTSIDE.format("file"))
                return
        except (OSError, RuntimeError) as error:
            # Up to Python 3.12, resolving links that go in a circle is a RuntimeError.
            why = "It is a link to a file that is not there."
            self._skip(entry.path, why if entry.is_symlink() else _unreadable(error))
            return
        regular = stat.S_ISREG(facts.st_mode)
        if not (suffix in formats.SUFFIXES or (regular and self._looks_like_one(entry, facts))):
            if suffix in formats.TABLES and regular and is_text(entry.path):
                self.result.tables.append(entry.path[self.below :].replace(os.sep, "/"))
            self._skip(entry.path, formats.why_not(entry.name))
            return
        if not regular:
            # Opening a pipe or a device could wait for ever.
            self._skip(entry.path, "It is a pipe or a device, not a file.")
            return
        relative = entry.path[self.below :].replace(os.sep, "/")
        if not is_text(relative):
            self._skip(entry.path, "Its name is not valid text (UTF-8); rename it.")
            return
        if len(self.result.entries) >= self.max_files:
            raise too_many(self.root, self.max_files)
        self.result.entries.append(
            Entry(relative, tuple(relative.split("/")), facts.st_size, facts.st_mtime_ns)
        )

    def _looks_like_one(self, entry: os.DirEntry[str], facts: os.stat_result) -> bool:
        """Whether a file that isn't named like a picture begins like one."""
        if not facts.st_size or not formats.may_be_image(entry.name):
            return False
        self.looked_into += 1
        if self.looked_into > MOST_LOOKED_INTO:
            return False
        try:
            head = content.read_file(entry.path, formats.HEAD_BYTES)
        except OSError:
            return False
        return formats.begins_like_image(head)


def _unreadable(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return "Lightbox may not read it; give it the right to."
    if number == errno.ENAMETOOLONG:
        return "Its path is too long to be opened; move it up some folders."
    return "It can't be read."
