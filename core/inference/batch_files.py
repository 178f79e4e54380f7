"""Which files of a folder are images to be answered, and which of them can't be opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core import settings
from core.addresses import is_address
from core.datasets.formats import has_image_name, why_not_photo
from core.datasets.layout import is_litter, is_text
from core.datasets.layout.walk_bucket import walk_bucket
from core.datasets.layout.walked import too_many
from core.errors import InvalidInput
from core.progress import SILENT, Reporter, Throttle
from core.text import as_text

Found = tuple[str, int, str]
"""A file: its path below the folder, its size in bytes, and why it can't be opened, or ""."""


def find_files(folder: Path, report: Reporter = SILENT) -> list[Found]:
    """All images below a folder, in the order of their paths, those that can't be read here among
    them; hidden files are passed over, and what isn't called like an image.

    Raises:
        InvalidInput: there is none, or more than the settings allow.
    """
    at_most = settings.load().max_files
    now_and_then = Throttle(0.2)
    if is_address(folder):
        return _in_bucket(folder, at_most, report)
    inside = folder.resolve()
    found: list[Found] = []
    for base, below, names in os.walk(folder):
        below[:] = [name for name in below if not is_litter(name)]
        for name in names:
            why = why_not_photo(name)
            if is_litter(name) or not (why or has_image_name(name)):
                continue
            path, size, shut = _looked_at(Path(base) / name, folder, inside)
            found.append((path, size, shut or why))
        if len(found) > at_most:
            raise too_many(folder, at_most)
        if now_and_then():
            report.step("find", len(found), None, "Looking for images")
    if not found:
        raise _none(folder)
    return sorted(found)


def _in_bucket(folder: Path, at_most: int, report: Reporter) -> list[Found]:
    walked = walk_bucket(folder, at_most, report)
    found = [(each.path, each.bytes, "") for each in walked.entries if has_image_name(each.path)]
    found += [(each.path, 0, why) for each in walked.skipped if (why := why_not_photo(each.path))]
    if not found:
        raise _none(folder)
    return sorted(found)


def _none(folder: Path) -> InvalidInput:
    return InvalidInput(
        "There are no images in this folder.",
        file=as_text(str(folder)),
        remedy="Choose one with JPEG, PNG, WebP, BMP, GIF or TIFF files; folders inside count.",
    )


def _looked_at(path: Path, folder: Path, inside: Path) -> Found:
    shown = as_text(path.relative_to(folder).as_posix())
    if not is_text(str(path)):
        return shown, 0, "Its name is not valid text (UTF-8); rename it."
    try:
        facts = path.stat()
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            return shown, 0, "It is a link to a file outside this folder."
    except (OSError, RuntimeError):
        return shown, 0, "It is a link to a file that is not there."
    if not stat.S_ISREG(facts.st_mode):
        return shown, 0, "It is a pipe or a device, not a file."
    return shown, facts.st_size, ""
