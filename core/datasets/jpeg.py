"""What Pillow doesn't know of JPEGs.

Cameras write much beside the picture, of which only the orientation matters here: Pillow reads all
of it, in Python, which takes longer than a small photo's pixels. And some programs that repair a
file, or pass on what they have of it, mark its end although it was cut in the middle.
"""

from __future__ import annotations

import io
import struct
from typing import Any

from PIL import Image

_EXIF, _ORIENTATION, _SHORT = b"Exif\0\0", 0x0112, 3
_APP0, _APP1, _APP13, _APP15 = 0xE0, 0xE1, 0xED, 0xEF
# Of its height, before a grey bottom means anything; and its height, in pixels.
_CUT_AT_LEAST, _LEAST_TO_CUT = 0.06, 16
# The least that a block of 8 x 8 pixels of one grey takes in the file, in bytes.
_BLOCK_BYTES = 0.25


def without_notes(data: bytes) -> tuple[bytes, int | None]:
    """A JPEG without its EXIF, XMP and Photoshop's notes, where the orientation is plain to see.

    Args:
        data: a file's bytes, of any kind.

    Returns:
        The file, and its EXIF orientation, 1 to 8; as it is and ``None`` if it is no JPEG, says
        no orientation, or says it in an unusual way: then whoever reads it in full knows better.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return data, None
    notes: list[bytes] = []
    kept = [data[:2]]
    at = 2
    while at + 10 < len(data) and data[at] == 0xFF and _APP0 <= data[at + 1] <= _APP15:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] not in (_APP1, _APP13):
            kept.append(data[at:end])
        elif data.startswith(_EXIF, at + 4):
            notes.append(data[at + 4 + len(_EXIF) : end])
        at = end
    orientation = _orientation(notes[0]) if len(notes) == 1 else None
    if orientation is None:
        return data, None
    return b"".join([*kept, data[at:]]), orientation


def _orientation(tiff: bytes) -> int | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(order + "HHIH", tiff, at)
            if tag == _ORIENTATION:
                plain = kind == _SHORT and values == 1
                return (value if value in range(1, 9) else 1) if plain else None
    except struct.error:
        return None
    return None


def is_cut(image: Image.Image, data: bytes) -> bool:
    """Whether a part of a JPEG is missing.

    What is missing of an ordinary one is drawn as the grey that stands for nothing, over the whole
    width, at the bottom only; of a progressive one it is mostly a later pass over the whole.

    Args:
        image: its pixels, which are loaded.
        data: the file.
    """
    if image.info.get("progressive") and _lacks_passes(data):
        return True
    width, height = image.size
    if height < _LEAST_TO_CUT or not _may_be_nothing(image.getpixel((0, height - 1))):
        return False
    if not _is_nothing(image, (0, height - 1, width, height)):
        return False
    rows = max(1, round(height * _CUT_AT_LEAST))
    if not _is_nothing(image, (0, height - rows, width, height)):
        return False
    # Somebody who puts a picture on grey does so above, too.
    if _is_nothing(image, (0, 0, width, rows)):
        return False
    return bool(image.info.get("progressive")) or not _ends_in_grey(image, data)


def _may_be_nothing(pixel: Any) -> bool:
    """Whether a row that begins so is worth a look: most are not."""
    levels = pixel if isinstance(pixel, tuple) else (pixel,)
    return len(levels) > 3 or all(127 <= level <= 129 for level in levels)


def _is_nothing(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    extremes = image.crop(box).convert("RGB").getextrema()
    return all(low >= 127 and high <= 129 for low, high in extremes)  # type: ignore[misc]


def _ends_in_grey(image: Image.Image, data: bytes) -> bool:
    """Whether the grey at the bottom is in the file: then a few bytes less at its end change
    nothing above it, while of a file that was cut they take something of the picture."""
    width, height = image.size
    rows = 1
    while rows * 2 < height and _is_nothing(image, (0, height - rows * 2, width, height)):
        rows *= 2
    end = data.rfind(b"\xff\xd9")
    less = int(rows * width / 64 * _BLOCK_BYTES)
    shorter = data[: max(0, (len(data) if end < 0 else end) - less)] + b"\xff\xd9"
    try:
        with Image.open(io.BytesIO(shorter), formats=["JPEG"]) as again:
            again.draft(None, image.size)
            again.load()
            # What is coded together may be 16 rows, and its colours reach a little above.
            above = (0, 0, width, max(0, height - max(rows, 16) - 2))
            return again.size == image.size and (
                again.crop(above).tobytes() == image.crop(above).tobytes()
            )
    except (OSError, SyntaxError):
        return False


def _lacks_passes(data: bytes) -> bool:
    """Whether a progressive JPEG has no pass that brings the last bit of its first component's
    coefficients (ITU-T T.81, B.2.3)."""
    at = _frame(data)
    if at is None:
        return False
    first = data[at + 10]
    whole = bytearray(64)
    # What looks like a mark in the packed pixels has a zero after it.
    while (at := data.find(b"\xff\xda", at)) >= 0 and at + 5 < len(data):
        count = data[at + 4]
        ends = data[at + 5 + 2 * count : at + 8 + 2 * count]
        if len(ends) == 3 and first in data[at + 5 : at + 5 + 2 * count : 2] and not ends[2] & 15:
            for number in range(ends[0], min(ends[1], 63) + 1):
                whole[number] = 1
        at += 2
    return not all(whole)


def _frame(data: bytes) -> int | None:
    """Where a progressive JPEG's frame begins; ``None`` where that can't be found."""
    at = 2
    while at + 12 < len(data) and data[at] == 0xFF:
        if data[at + 1] in (0xC2, 0xCA):
            return at
        if data[at + 1] == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
