"""What cameras write into JPEGs beside the picture, of which only the orientation matters here:
Pillow reads all of it, in Python, which takes longer than a small photo's pixels."""

from __future__ import annotations

import struct

_EXIF, _ORIENTATION, _SHORT = b"Exif\0\0", 0x0112, 3
_APP0, _APP1, _APP13, _APP15 = 0xE0, 0xE1, 0xED, 0xEF


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
