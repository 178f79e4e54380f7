"""Pictures of 16 bits a channel, which Pillow reads and can't write."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel; ``values`` int, shape (height, width, 3 or 4)."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if channels == 3 else 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )
