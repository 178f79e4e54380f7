"""All that a scan does with the files themselves: each is read, hashed, decoded and shrunk once,
and what can be said about it is said from that one small copy.

Imports little more than NumPy and Pillow, since helper processes start with it. A file that can't
be read is an answer like any other, with its reason.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.content import WHOLE, hash_bytes, read_regular, split_path, taken_apart
from core.datasets.formats import SUFFIXES_OF
from core.datasets.greys import Range
from core.datasets.images import Decoding, open_image
from core.datasets.places import image_file
from core.errors import UnreadableImage
from core.quality import thumbs
from core.quality.descriptor import describe
from core.quality.measure import MEASUREMENTS, Tally, measure, tally

_DRAFT = (thumbs.SIDE, thumbs.SIDE)


class Facts(NamedTuple):
    """What is known of one file from its own bytes; columns of the index, see there."""

    status: str
    problem: str = ""
    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    hash: str = ""
    orientation: int = 1
    wrong_suffix: bool = False
    descriptor: bytes = b""
    grey_low: float = 0.0
    grey_high: float = 0.0


@dataclass(frozen=True)
class Looked:
    """What was found in some files, in their order.

    Attributes:
        facts: one for each file.
        measured: float32 of shape (files, 7), as of :func:`core.quality.measure.measure`; nan for
            files that can't be read.
        thumbnails: encoded; empty if there is nothing to show.
    """

    facts: list[Facts]
    measured: NDArray[np.float32]
    thumbnails: list[bytes]

    def columns(self) -> dict[str, Any]:
        """Facts and measurements by their names."""
        facts = zip(Facts._fields, zip(*self.facts, strict=True), strict=True)
        return dict(facts) | dict(zip(MEASUREMENTS, self.measured.T, strict=True))


def look_at(
    root: str,
    paths: Sequence[str],
    stop: Callable[[], bool] = bool,
    greys: Range | None = None,
    given: Mapping[str, bytes | str] | None = None,
) -> Looked:
    """Look at files.

    Args:
        root: the folder that they are in.
        paths: relative to it.
        stop: asked before each file; once it says yes, the files that are left out are missing
            from the answer.
        greys: what is black and white in deep greys; what each file says if ``None``.
        given: bytes of files that were read already, or why they can't be; the others are read.
    """
    facts, tallies, thumbnails = [], [], []
    decoding = Decoding(greys=greys)
    for path in paths:
        if stop():
            break
        data = given.get(path) if given else None
        found, counted, thumbnail = _look_at_one(image_file(root, path), path, decoding, data)
        facts.append(found)
        tallies.append(counted)
        thumbnails.append(thumbnail)
    measured = np.full((len(facts), len(MEASUREMENTS)), np.nan, dtype=np.float32)
    good = [counted is not None for counted in tallies]
    if any(good):
        measured[good] = measure([counted for counted in tallies if counted is not None])
    return Looked(facts, measured, thumbnails)


def could_not_look(status: str, problem: str) -> Looked:
    """The answer for one file of which nothing could be found out."""
    nothing = np.full((1, len(MEASUREMENTS)), np.nan, dtype=np.float32)
    return Looked([Facts(status, problem)], nothing, [b""])


def joined(parts: Sequence[Looked]) -> Looked:
    """Several answers as one."""
    return Looked(
        [each for part in parts for each in part.facts],
        np.concatenate([part.measured for part in parts]),
        [each for part in parts for each in part.thumbnails],
    )


def _look_at_one(
    file: Path, path: str, decoding: Decoding, data: bytes | str | None
) -> tuple[Facts, Tally | None, bytes]:
    """What the file says of itself, what was counted in it, and its thumbnail."""
    try:
        if isinstance(data, str):
            return Facts("unreadable", data), None, b""
        data = read_regular(file) if data is None else data
    except OSError:
        problem = "The file can't be opened, or has gone."
        return Facts("unreadable", problem), None, b""
    except MemoryError:
        problem = "There is not enough memory to read a file of this size."
        return Facts("too_large", problem), None, b""
    content = hash_bytes(data)
    try:
        opened = open_image(data, file=path, draft=_DRAFT, decoding=decoding)
    except UnreadableImage as error:
        problem = f"{error.title} {error.remedy}".strip()
        seen = _what_can_be_seen(data) if error.kind == "truncated" else b""
        return Facts(error.kind, problem, hash=content), None, seen
    small = thumbs.shrink(opened.image)
    of, part = split_path(path)
    thumbnail = thumbs.make(small, opened, data if part == WHOLE else b"")
    wrong_suffix = PurePosixPath(of).suffix.lower() not in SUFFIXES_OF[opened.format]
    greys = (decoding.greys or opened.greys) if opened.greys else (0.0, 0.0)
    facts = Facts(
        "ok",
        "",
        *(opened.format, opened.mode, opened.width, opened.height, content, opened.orientation),
        *(wrong_suffix, describe(small), *greys),
    )
    return facts, tally(small), thumbnail


def _what_can_be_seen(data: bytes) -> bytes:
    """A thumbnail of the part of a truncated image that is there, or nothing."""
    try:
        with Image.open(io.BytesIO(taken_apart(data)[0])) as image:
            image.draft(None, _DRAFT)
            with contextlib.suppress(OSError, SyntaxError):
                image.load()
            # Pillow has filled in the lines before the end, but calls the image unloaded; a copy
            # of what is in memory can be used like any other. Without a line, there is no memory.
            return thumbs.jpeg(thumbs.shrink(image._new(image.im).convert("RGB")))
    except (OSError, SyntaxError, ValueError, AttributeError, AssertionError):
        return b""
