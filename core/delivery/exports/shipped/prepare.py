"""Brings a picture to the pixels that the model was trained on, exactly as Lightbox does.

Resizing is here and not inside the model, since no model format resizes quite like Pillow, and the
answers would differ from those that were tested.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.datasets.seen import as_first, as_seen

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
        image.draft(None, (size * 2, size * 2))  # large JPEGs are decoded at a fraction
        image.load()
        rgb = as_rgb(_upright(image), decoding)
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
    version, *ends = (decoding or "1").split(":")
    if version == "1":
        return as_first(image)
    return as_seen(image, (float(ends[0]), float(ends[1])) if ends else None)[0]
