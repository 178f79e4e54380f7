"""Archives as people and attackers pack them, from small images in memory."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def image_bytes(seed: int = 0, kind: str = "PNG") -> bytes:
    """A small image of noise, which doesn't compress."""
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def good(classes: int = 2, images: int = 2) -> dict[str, bytes]:
    """Members of a proper archive: ``photos/<class>/<number>.png``."""
    return {
        f"photos/{label}/{number}.png": image_bytes(label * 100 + number)
        for label in range(classes)
        for number in range(images)
    }


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def make_locked_zip(path: Path, members: dict[str, bytes]) -> Path:
    """A zip whose members say that they are encrypted; Python can't write real ones."""
    data = bytearray(make_zip(path, members).read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    return path
