"""Arrays that pictures are made of: smooth noise, soft steps, blurs; each exact to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 224

# float32 throughout.
F = NDArray[Any]
Rng = np.random.Generator


def between(rng: Rng, low: float, high: float) -> float:
    """A number, evenly from ``low`` to ``high``."""
    return low + (high - low) * float(rng.random())


def turn(rng: Rng, most: float) -> tuple[float, float]:
    """Cosine and sine of a random angle, up to about ``most`` radians (below 3) to either side.

    From the tangent of its half, since sines are rounded differently by different processors.
    """
    half = between(rng, -most, most) / 2
    tangent = half * (1 + half * half / 3)
    scale = 1 + tangent * tangent
    return (1 - tangent * tangent) / scale, 2 * tangent / scale


def noise(rng: Rng, across: int, down: int, size: tuple[int, int] = (SIDE, SIDE)) -> F:
    """Smooth noise from 0 to 1, shape (height, width) of ``size`` = (width, height), with so many
    spots across and down."""
    spots = rng.integers(0, 256, (max(2, down), max(2, across)), dtype=np.uint8)
    drawn = Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(drawn, np.float32) / np.float32(255)


def step(values: F, low: float, high: float) -> F:
    """0 up to ``low``, 1 from ``high`` on, smooth between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(first: Any, second: Any, share: F) -> F:
    """Colours, or pictures, between two; ``share`` of shape (height, width) is how much of the
    second."""
    part = share[..., None]
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return np.asarray(a * (1 - part) + b * part, np.float32)


def blurred(values: F, radius: float) -> F:
    """Values from 0 to 1, blurred."""
    small = Image.fromarray(np.asarray(np.clip(values, 0, 1) * 255 + 0.5, np.uint8))
    return np.asarray(small.filter(ImageFilter.GaussianBlur(radius)), np.float32) / np.float32(255)


def grid() -> tuple[F, F]:
    """Columns and rows of all pixels, each of shape (SIDE, SIDE)."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    return columns, rows
