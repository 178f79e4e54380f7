"""A heat map laid over its picture, in colours that everyone can tell apart."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageOps

from core.datasets.images import Fit

# "Inferno" (van der Walt & Smith, 2015; CC0) at nine evenly spaced points: darkness and hue rise
# together, so it reads in grey and with any colour vision.
_POINTS = (
    (0, 0, 4),
    (31, 12, 72),
    (85, 15, 109),
    (136, 34, 106),
    (186, 54, 85),
    (227, 89, 51),
    (249, 140, 10),
    (249, 201, 50),
    (252, 255, 164),
)


@cache
def _table() -> np.ndarray:
    at = np.linspace(0, 255, len(_POINTS))
    points = np.array(_POINTS, np.float64)
    steps = np.arange(256)
    return np.stack([np.interp(steps, at, points[:, n]) for n in range(3)], axis=1).astype(np.uint8)


def colours(heat: np.ndarray) -> np.ndarray:
    """uint8 (…, 3) for heat of 0 (dark) to 1 (light)."""
    return _table()[(np.clip(heat, 0, 1) * 255).round().astype(np.uint8)]


def enlarge(heat: np.ndarray, height: int, width: int) -> np.ndarray:
    """A heat map smoothed to a picture's size: float32 (height, width), 0 to 1."""
    small = Image.fromarray(np.asarray(heat, np.float32), mode="F")
    return np.clip(np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def overlay(image: np.ndarray, heat: np.ndarray, opacity: float) -> np.ndarray:
    """The picture with its heat map on it.

    The colder a place, the more the picture shows through, so that what the model didn't look at
    is still recognised.

    Args:
        image: uint8, shape (height, width, 3).
        heat: float, any shape (h, w), 0 to 1.
        opacity: 0 shows the picture only, 1 hides it where the heat is highest.

    Returns:
        uint8, the picture's shape.
    """
    fine = enlarge(heat, image.shape[0], image.shape[1])
    # Half of it everywhere, so that cold places look dark beside hot ones.
    share = (opacity * (0.5 + 0.5 * fine))[..., None]
    return (image * (1 - share) + colours(fine) * share).round().astype(np.uint8)


def framed(image: Image.Image, fit: Fit, side: int) -> np.ndarray:
    """The part of a picture that a model sees, at a size for people.

    Args:
        image: RGB, upright.
        fit: how the model's images are brought to a square. Stretched ones are shown in their own
            proportions, which heat maps are stretched back to.
        side: of the longer side in pixels.

    Returns:
        uint8, shape (height, width, 3).
    """
    if fit == "crop":
        shown = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    elif fit == "pad":
        shown = ImageOps.pad(image, (side, side), Image.Resampling.BICUBIC)
    else:
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        # Few pixels are shown as the squares that they are.
        how = Image.Resampling.NEAREST if scale > 8 else Image.Resampling.BICUBIC
        shown = image.resize(size, how, reducing_gap=2.0)
    return np.asarray(shown.convert("RGB"))
