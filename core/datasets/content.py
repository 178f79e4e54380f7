"""What a file holds: reading it without ever waiting, and the hash by which its content is known.

A dataset's image may be a part of a file: a box that somebody annotated, or a page. Its path then
ends as fragments of addresses do (W3C Media Fragments): ``photo.jpg#xywh=12,40,64,64``,
``photo.jpg#xywh=percent:12.5,40,25,25`` or ``scan.tif#page=2``. What is read of it is the file's
bytes behind a mark that says the part, so it has a hash of its own, and whatever decodes bytes cuts
the part out (:func:`core.datasets.images.open_image`).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from core.addresses import is_address
from core.files.kept import hash_bytes as hash_bytes

# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Not all platforms
# have all of these.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


_MARK = b"LIGHTBOX-PART\0"
_NUMBER = r"(\d{1,6}(?:\.\d{1,4})?)"
_FRAGMENT = re.compile(rf"#(?:page=(\d{{1,6}})|xywh=(percent:)?{','.join([_NUMBER] * 4)})$")


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        page: from 1 on; ``None`` for the first.
        box: left, top, width and height in pixels of the upright picture; ``None`` for all of it.
        percent: whether they are in per cent of the picture's width and height instead.
    """

    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    percent: bool = False

    def __str__(self) -> str:
        """As it ends a path."""
        if self.box is not None:
            numbers = ",".join(f"{each:.4f}".rstrip("0").rstrip(".") for each in self.box)
            return f"#xywh={'percent:' if self.percent else ''}{numbers}"
        return f"#page={self.page}" if self.page is not None else ""


WHOLE = Part()


def split_path(path: str) -> tuple[str, Part]:
    """A path as that of a file, and which part of it is meant."""
    found = _FRAGMENT.search(path) if "#" in path else None
    if found is None:
        return path, WHOLE
    page, percent, *ends = found.groups()
    if page is not None:
        return path[: found.start()], Part(int(page))
    left, top, width, height = map(float, ends)
    return path[: found.start()], Part(box=(left, top, width, height), percent=bool(percent))


def box_in(part: Part, width: int, height: int) -> tuple[int, int, int, int]:
    """The part's box in a picture of this size: left, top, right and bottom in pixels, cut off at
    its rim; empty where it lies outside."""
    assert part.box is not None
    across, down = (width / 100, height / 100) if part.percent else (1, 1)
    left, top = round(part.box[0] * across), round(part.box[1] * down)
    right, bottom = (part.box[0] + part.box[2]) * across, (part.box[1] + part.box[3]) * down
    return left, top, min(round(right), width), min(round(bottom), height)


def taken_apart(data: bytes) -> tuple[bytes, Part]:
    """A file's bytes, and which part of it is meant; the inverse of what reading a part does."""
    if not data.startswith(_MARK):
        return data, WHOLE
    part, _, rest = data[len(_MARK) :].partition(b"\0")
    return rest, split_path(part.decode("ascii", "replace"))[1]


def read_regular(path: str | Path, *, as_it_is_now: bool = False) -> bytes:
    """All bytes of a file, on this computer or in a bucket; of a part of one behind a mark, see
    above.

    Args:
        as_it_is_now: ask a bucket whether what was read from it minutes ago still holds.

    Raises:
        OSError: it can't be read, or is by now a pipe, a device or a folder.
        LightboxError: it is in a bucket, and nothing there can be read.
    """
    if is_address(path):
        return _read_object(os.fspath(path), as_it_is_now)
    try:
        return read_file(path)
    except FileNotFoundError:
        file, part = split_path(os.fspath(path))
        if part == WHOLE:
            raise
        return marked(read_file(file), part)


def marked(data: bytes, part: Part) -> bytes:
    """A file's bytes, with the part of it that is meant."""
    return data if part == WHOLE else _MARK + str(part).encode() + b"\0" + data


def _read_object(path: str, as_it_is_now: bool) -> bytes:
    from core.files import objects  # nothing else needs what asks a store

    trusted_s = 0.0 if as_it_is_now else objects.TRUSTED_S
    file, part = split_path(path)
    try:
        return marked(objects.read(file, trusted_s), part)
    except FileNotFoundError:
        if part == WHOLE:
            raise
        return objects.read(path, trusted_s)


def read_file(path: str | Path, most: int = -1) -> bytes:
    """A file of this computer, or its first bytes, ``most`` at most.

    Raises:
        OSError: as :func:`read_regular`.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(most)
