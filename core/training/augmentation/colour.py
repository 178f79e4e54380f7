"""Brightness, contrast, saturation and hue as one linear map of colours for each image."""

from __future__ import annotations

from functools import partial

import numpy as np

from core.training.augmentation.draw import Drawn
from core.training.augmentation.kind import LIGHT, Kind
from core.training.setting import SHARE

_MIDDLE = 127.5
# Luma and two differences of colour (YIQ): turning the latter turns hue and leaves greys alone.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def colour_maps(drawn: Drawn) -> np.ndarray:
    """Maps of colours.

    Returns:
        float64, shape (n, 3, 4): three rows of weights of red, green and blue and what is added,
        for values 0 to 255.
    """
    angle = 2 * np.pi * drawn.hue
    cos, sin = np.cos(angle) * drawn.saturation, np.sin(angle) * drawn.saturation
    turned = np.zeros((len(drawn), 3, 3))
    turned[:, 0, 0] = 1
    turned[:, 1, 1] = turned[:, 2, 2] = cos
    turned[:, 1, 2], turned[:, 2, 1] = -sin, sin
    weights = drawn.contrast[:, None, None] * (_FROM_YIQ @ turned @ _TO_YIQ)
    added = _MIDDLE * (1 - drawn.contrast) + 255 * drawn.brightness
    return np.concatenate([weights, np.broadcast_to(added[:, None, None], (len(drawn), 3, 1))], 2)


def light_tables(drawn: Drawn) -> np.ndarray:
    """Brightness and contrast alone, which are the same for all channels, as tables of values.

    Returns:
        uint8, shape (n, 256): what becomes of each value.
    """
    added = _MIDDLE * (1 - drawn.contrast) + 255 * drawn.brightness
    values = np.arange(256.0) * drawn.contrast[:, None] + added[:, None]
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_light = partial(Kind, group=LIGHT, step=0.01, unit=SHARE)
KINDS = (
    _light(
        "brightness",
        "Brightness",
        "Makes each image up to this much lighter or darker.",
        "up to {} lighter or darker",
    ),
    _light(
        "contrast",
        "Contrast",
        "Gives each image up to this much more or less contrast.",
        "with up to {} more or less contrast",
    ),
    _light(
        "saturation",
        "Saturation",
        "Makes the colours of each image up to this much stronger or paler.",
        "with up to {} stronger or paler colours",
    ),
    _light(
        "hue",
        "Hue",
        "Turns all colours by up to this share of the colour circle. Keep it small where colour "
        "tells classes apart.",
        "with colours turned by up to {} of the circle",
        maximum=0.5,
    ),
)
