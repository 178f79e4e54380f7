"""One look through a place in a bucket, as :mod:`core.datasets.layout.walk` looks through a folder;
and a copy of its tables, which layouts read again and again."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import settings
from core.datasets import formats
from core.datasets.layout.names import is_litter, is_text, is_told_litter
from core.datasets.layout.values import Entry, Skipped
from core.datasets.layout.walked import MOST_LOOKED_INTO, Walked, too_many
from core.errors import disk_errors
from core.files import objects
from core.progress import Reporter
from core.text import as_text

# A table that is larger is none that anybody wrote for pictures.
_MOST_TABLE_BYTES = 256 * 1024**2
_AT_ONCE = 64
# Names that a bucket has and a disk can't: too long, or below what is a file too.
_NO_NAME = (errno.EEXIST, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR)


def walk_bucket(root: Path, max_files: int, report: Reporter) -> Walked:
    """List what lies below a place in a bucket.

    Raises:
        InvalidInput: there are more than ``max_files`` pictures.
        LightboxError: the store is gone, has no such bucket, or lets nobody in.
    """
    result = Walked()
    doubtful: dict[str, objects.Found] = {}
    litter: set[str] = set()

    def add(found: objects.Found) -> None:
        if len(result.entries) >= max_files:
            raise too_many(root, max_files)
        parts = tuple(found.path.split("/"))
        result.entries.append(Entry(found.path, parts, found.bytes, found.stamp))

    def tell() -> None:
        report.step("find", len(result.entries), None, "Looking for images")

    tell()
    for found in objects.listing(root, tell):
        *folders, name = found.path.split("/")
        hidden = next((at for at, each in enumerate(folders) if is_litter(each)), None)
        if hidden is not None:
            folder = "/".join(folders[: hidden + 1])
            if folder not in litter and is_told_litter(folders[hidden]):
                result.litter[folders[hidden]] += 1
            litter.add(folder)
        elif is_litter(name):
            continue
        elif not objects.is_plain(found.path):
            why = "Its name has an empty part, or “.” or “..” for one; give it another."
            result.skipped.append(Skipped(as_text(found.path), why))
        elif not is_text(found.path):
            why = "Its name is not valid text (UTF-8); rename it."
            result.skipped.append(Skipped(as_text(found.path), why))
        elif formats.has_image_name(name):
            add(found)
        else:
            if found.bytes and formats.may_be_image(name) and len(doubtful) < MOST_LOOKED_INTO:
                doubtful[found.path] = found
            elif formats.is_table(name) and found.bytes <= _MOST_TABLE_BYTES:
                result.tables.append(found.path)
            result.skipped.append(Skipped(found.path, formats.why_not(name)))
    pictures = set()
    for path, head in objects.heads(root, list(doubtful), formats.HEAD_BYTES):
        report.check()
        if formats.format_of(head) in formats.FORMATS:
            add(doubtful[path])
            pictures.add(path)
    if pictures:
        result.skipped = [item for item in result.skipped if item.path not in pictures]
    tell()
    return result


@contextmanager
def copied(root: Path, tables: list[str], report: Reporter) -> Iterator[Path]:
    """A folder of this computer with these files, for as long as it is needed; what can't be read
    is missing in it."""
    cache = settings.load().home / "cache"
    with disk_errors("reading the tables"):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="tables-", dir=cache) as folder:
            for start in range(0, len(tables), _AT_ONCE):
                report.check()
                some = tables[start : start + _AT_ONCE]
                for path, data in objects.read_many(root, some, trusted_s=0).items():
                    if isinstance(data, bytes):
                        _write(Path(folder, path), data)
            yield Path(folder)


def _write(target: Path, data: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise
