"""What a file holds: reading it without ever waiting, and the hash by which its content is known.

A dataset's image may be a part of a file: a box that somebody annotated, or a page. Its path then
ends as fragments of addresses do (W3C Media Fragments): ``photo.jpg#xywh=12,40,64,64`` or
``scan.tif#page=2``. What is read of it is the file's bytes behind a mark that says the part, so it
has a hash of its own, and whatever decodes bytes cuts the part out
(:func:`core.datasets.images.open_image`).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Not all platforms
# have all of these.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


_MARK = b"LIGHTBOX-PART\0"
_FRAGMENT = re.compile(r"#(?:page=(\d{1,6})|xywh=(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6}))$")


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        page: from 1 on; ``None`` for the first.
        box: left, top, width and height in pixels of the upright picture; ``None`` for all of it.
    """

    page: int | None = None
    box: tuple[int, int, int, int] | None = None

    def __str__(self) -> str:
        """As it ends a path."""
        if self.box is not None:
            return "#xywh=" + ",".join(map(str, self.box))
        return f"#page={self.page}" if self.page is not None else ""


WHOLE = Part()


def split_path(path: str) -> tuple[str, Part]:
    """A path as that of a file, and which part of it is meant."""
    found = _FRAGMENT.search(path) if "#" in path else None
    if found is None:
        return path, WHOLE
    page, *box = (None if each is None else int(each) for each in found.groups())
    part = Part(page) if page is not None else Part(box=(box[0], box[1], box[2], box[3]))  # type: ignore[arg-type]
    return path[: found.start()], part


def taken_apart(data: bytes) -> tuple[bytes, Part]:
    """A file's bytes, and which part of it is meant; the inverse of what reading a part does."""
    if not data.startswith(_MARK):
        return data, WHOLE
    part, _, rest = data[len(_MARK) :].partition(b"\0")
    return rest, split_path(part.decode("ascii", "replace"))[1]


def hash_bytes(data: bytes) -> str:
    """The content hash used everywhere: BLAKE2b with 128 bits, as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_regular(path: str | Path) -> bytes:
    """All bytes of a file; of a part of one behind a mark, see above.

    Raises:
        OSError: it can't be read, or is by now a pipe, a device or a folder.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        file, part = split_path(os.fspath(path))
        if part == WHOLE:
            raise
        return _MARK + str(part).encode() + b"\0" + _read(file)


def _read(path: str | Path) -> bytes:
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.readall()


def read_head(path: str | Path, most: int) -> bytes:
    """The first bytes of a file, ``most`` at most.

    Raises:
        OSError: as :func:`read_regular`.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(most)
