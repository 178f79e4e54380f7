"""Brings a picture to the pixels that the model was trained on, exactly as Lightbox does.

Resizing is here and not inside the model, since no model format resizes quite like Pillow, and the
answers would differ from those that were tested.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

ABOUT = Path(__file__).parent / "model.json"


def prepare(file: str | Path) -> np.ndarray:
    """float32 array of shape (1, size, size, 3): red, green and blue from 0 to 255."""
    about = json.loads(ABOUT.read_text(encoding="utf-8"))
    return as_pixels(file, about["image_size"], about["fit"])[None].astype(np.float32)


def as_pixels(file: str | Path, size: int, fit: str) -> np.ndarray:
    """uint8 array of shape (size, size, 3); ``fit`` is "stretch", "crop" or "pad"."""
    with Image.open(file) as image:
        image.draft(None, (size * 2, size * 2))  # large JPEGs are decoded at a fraction
        image.load()
        rgb = as_rgb(ImageOps.exif_transpose(image))
    if rgb.size == (size, size):
        return np.asarray(rgb)
    bilinear = Image.Resampling.BILINEAR
    if fit == "crop":
        return np.asarray(ImageOps.fit(rgb, (size, size), bilinear))
    if fit == "pad":
        return np.asarray(ImageOps.pad(rgb, (size, size), bilinear))
    return np.asarray(rgb.resize((size, size), bilinear, reducing_gap=2.0))


def as_rgb(image: Image.Image) -> Image.Image:
    """Transparency on white; 16-bit and floating-point greys brought to 8 bits."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0.0, neginf=0.0)
        low, high = float(values.min()), float(values.max())
        if image.mode != "F" and low >= 0 and high <= 65535:
            low, high = 0.0, 65535.0 if high > 255 else 255.0
        values = (values - low) * (255.0 / (high - low)) if high > low else values * 0
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
