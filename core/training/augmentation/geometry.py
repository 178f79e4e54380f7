"""Flips, turns, zooms, shifts and shears, all in one affine transform of each image."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

from core.training.augmentation.draw import Drawn
from core.training.augmentation.kind import PLACE, Kind
from core.training.setting import SHARE


def affine_maps(drawn: Drawn, size: int) -> np.ndarray:
    """Where each pixel of the result comes from.

    Returns:
        float64, shape (n, 6): a, b, c, d, e, f of x = a·x' + b·y' + c, y = d·x' + e·y' + f, with
        pixel centres at halves, as Pillow has it. About the middle of the image.
    """
    angle = np.deg2rad(drawn.turn)
    cos, sin = np.cos(angle), np.sin(angle)
    lean = np.tan(np.deg2rad(drawn.shear))
    # Backwards through flip, zoom, shear, turn and shift.
    across = np.where(drawn.mirror, -1.0, 1.0) / drawn.zoom
    down = np.where(drawn.flip, -1.0, 1.0) / drawn.zoom
    a, b = across * (cos - lean * sin), across * (-sin - lean * cos)
    d, e = down * sin, down * cos
    half = size / 2
    x, y = half + drawn.across * size, half + drawn.down * size
    return np.stack([a, b, half - a * x - b * y, d, e, half - d * x - e * y], axis=1)


def margins(matrices: np.ndarray, size: int) -> np.ndarray:
    """How far each image is looked beyond, in pixels; int, shape (n,)."""
    first, last = 0.5, size - 0.5
    corners = np.array([[x, y, 1.0] for x in (first, last) for y in (first, last)])
    reached = corners @ matrices.reshape(-1, 2, 3).transpose(0, 2, 1)
    beyond = np.maximum(first - reached.min(axis=(1, 2)), reached.max(axis=(1, 2)) - last)
    # What rounding makes of nothing must not cost a margin.
    return np.ceil(np.maximum(beyond - 1e-6, 0)).astype(np.int64)


def mirrored(image: np.ndarray, margin: int) -> np.ndarray:
    """The image with a margin in which it goes on as in a mirror, so that corners aren't black.

    Args:
        image: uint8, shape (size, size, 3).
    """
    size = len(image)
    if margin == 0:
        return image
    if margin >= size:
        return np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    # What numpy.pad does, at a third of its time for a small image.
    end = margin + size
    wide = np.empty((end + margin, end + margin, 3), np.uint8)
    wide[margin:end, margin:end] = image
    wide[margin:end, :margin] = image[:, margin:0:-1]
    wide[margin:end, end:] = image[:, -2 : -margin - 2 : -1]
    wide[:margin] = wide[2 * margin : margin : -1]
    wide[end:] = wide[end - 2 : end - margin - 2 : -1]
    return wide


def move(image: np.ndarray, matrix: np.ndarray, margin: int) -> Image.Image:
    """One image, moved.

    Args:
        image: uint8, shape (size, size, 3).
        matrix, margin: its own of :func:`affine_maps` and :func:`margins`.
    """
    size = len(image)
    a, b, c, d, e, f = matrix
    return Image.fromarray(mirrored(image, margin)).transform(
        (size, size),
        Image.Transform.AFFINE,
        (a, b, c + margin, d, e, f + margin),
        Image.Resampling.BILINEAR,
    )


_place = partial(Kind, group=PLACE)
_share = partial(_place, step=0.01, unit=SHARE)
KINDS = (
    _place(
        "flip_horizontal",
        "Mirror left and right",
        "Mirrors half of the images left to right. Right for most photos, wrong for anything that "
        "is read or has a side.",
        "mirrored left to right",
        switch=True,
    ),
    _place(
        "flip_vertical",
        "Mirror top and bottom",
        "Mirrors half of the images top to bottom. For images without an up and a down: from "
        "above, or through a microscope.",
        "mirrored top to bottom",
        switch=True,
    ),
    _place(
        "rotation",
        "Turn",
        "Turns each image by up to so many degrees, either way.",
        "turned by up to {}",
        maximum=180,
        unit="°",
    ),
    _share(
        "zoom",
        "Zoom",
        "Shows each image up to this much larger or smaller.",
        "zoomed by up to {}",
        maximum=0.9,
    ),
    _share(
        "shift",
        "Shift",
        "Moves each image by up to this share of its side, across and down.",
        "shifted by up to {}",
        maximum=0.5,
    ),
    _place(
        "shear",
        "Shear",
        "Leans each image by up to so many degrees, either way, as italics do.",
        "sheared by up to {}",
        maximum=45,
        unit="°",
    ),
)
