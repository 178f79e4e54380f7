"""Brings a picture to the pixels that the model was trained on, exactly as Lightbox does.

Resizing is here and not inside the model, since no model format resizes quite like Pillow, and the
answers would differ from those that were tested.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.datasets.seen import as_first, as_seen, deep_colours

ABOUT = Path(__file__).parent / "model.json"


def prepare(file: str | Path) -> np.ndarray:
    """float32 array of shape (1, size, size, 3): red, green and blue from 0 to 255."""
    about = json.loads(ABOUT.read_text(encoding="utf-8"))
    return as_pixels(file, about["image_size"], about["fit"], about.get("decoding", ""))[
        None
    ].astype(np.float32)


def as_pixels(file: str | Path, size: int, fit: str, decoding: str = "") -> np.ndarray:
    """uint8 array of shape (size, size, 3); ``fit`` is "stretch", "crop" or "pad", ``decoding``
    what model.json says."""
    with Image.open(file) as image:
        version, ends, page = _parsed(decoding)
        if page > 1 and image.format in ("TIFF", "DICOM"):
            image.seek(page - 1)
        deep = deep_colours(image, ends) if version > 2 else None
        image.draft(None, (size * 2, size * 2))  # large JPEGs are decoded at a fraction
        image.load()
        if deep is not None:
            deep[0].format = image.format
        rgb = as_rgb(_upright(image if deep is None else deep[0]), decoding)
    if rgb.size == (size, size):
        return np.asarray(rgb)
    bilinear = Image.Resampling.BILINEAR
    if fit == "crop":
        return np.asarray(ImageOps.fit(rgb, (size, size), bilinear))
    if fit == "pad":
        return np.asarray(ImageOps.pad(rgb, (size, size), bilinear))
    return np.asarray(rgb.resize((size, size), bilinear, reducing_gap=2.0))


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says; TIFF is turned by Pillow, and keeps its tags so."""
    return image if image.format == "TIFF" else ImageOps.exif_transpose(image)


def as_rgb(image: Image.Image, decoding: str) -> Image.Image:
    """Red, green and blue of eight bits, as in the model's training."""
    version, ends, _ = _parsed(decoding)
    return as_first(image) if version == 1 else as_seen(image, ends)[0]


def _parsed(decoding: str) -> tuple[int, tuple[float, float] | None, int]:
    """Version, range of deep greys and page of what model.json says."""
    version, *ends = (decoding or "1").split(":")
    page = int(ends.pop()[1:]) if ends and ends[-1].startswith("p") else 1
    return int(version), (float(ends[0]), float(ends[1])) if ends else None, page
