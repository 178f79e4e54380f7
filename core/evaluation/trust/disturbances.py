"""Ways in which photos in use are worse than those that a model was tested on: blurred, dark,
turned …

Each is a pure function of images at the size that the model sees, by the code that augments
training images, so that what harms can be trained against with the setting of the same name.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from core.training.augmentation.draw import COLUMNS, draw
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import apply

_THREADS = 2


@dataclass(frozen=True)
class Kind:
    """One kind of disturbance.

    Attributes:
        key: name for programs.
        title: for people.
        unit: what the strengths are, for people.
        strengths: three, from mild to strong.
        short: strength → a few characters for a cell.
        words: how a photographer would call each of the strengths; "slightly out of focus".
        said: strength → "turned by 20°".
        advice: what helps.
    """

    key: str
    title: str
    unit: str
    strengths: tuple[float, float, float]
    words: tuple[str, str, str]
    short: Callable[[float], str]
    said: Callable[[float], str]
    advice: str


def _percent(value: float) -> str:
    return f"{value * 100:.3g} %"


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "blur",
            "Blur",
            "standard deviation in % of the image's side",
            (0.005, 0.01, 0.02),
            ("slightly out of focus", "out of focus", "badly out of focus"),
            _percent,
            lambda value: f"blurred by {_percent(value)} of its side",
            "train with more “Blur” in augmentation if photos may be out of focus",
        ),
        Kind(
            "noise",
            "Noise",
            "standard deviation in % of black to white",
            (0.03, 0.06, 0.12),
            ("slightly grainy, as indoors", "grainy, as in dim light", "very grainy, as at night"),
            _percent,
            lambda value: f"with {_percent(value)} of noise",
            "train with more “Noise” in augmentation if photos may be grainy",
        ),
        Kind(
            "dark",
            "Less light",
            "light that is left",
            (0.7, 0.5, 0.3),
            ("a little darker", "in half the light", "in a third of the light"),
            _percent,
            lambda value: f"with {_percent(value)} of the light",
            "train with more “Brightness” in augmentation, or with photos taken in dim light",
        ),
        Kind(
            "bright",
            "More light",
            "light, of the photo's own",
            (1.3, 1.6, 2.0),
            ("a little brighter", "much brighter", "in twice the light"),
            _percent,
            lambda value: f"with {_percent(value)} of the light",
            "train with more “Brightness” in augmentation, or with photos taken in glaring light",
        ),
        Kind(
            "turn",
            "Turned",
            "degrees, either way",
            (5, 10, 20),
            ("hardly turned", "slightly turned", "turned"),
            lambda value: f"{value:g}°",
            lambda value: f"turned by {value:g}°",
            "train with more “Turn” in augmentation if photos may be turned",
        ),
        Kind(
            "jpeg",
            "JPEG compression",
            "quality, of 100",
            (60, 30, 10),
            ("saved small, as messengers do", "saved very small", "saved as small as can be"),
            lambda value: f"quality {value:g}",
            lambda value: f"compressed to JPEG quality {value:g}",
            "train with photos that are as compressed as those in use",
        ),
    )
}


def chances(images: int, seed: int) -> np.ndarray:
    """What is left to chance for each image of a set: float64, shape (images, 2), 0 to 1."""
    return np.random.default_rng(seed).random((images, 2))


def disturb(images: np.ndarray, kind: str, strength: float, chance: np.ndarray) -> np.ndarray:
    """Disturb images.

    Args:
        images: uint8, shape (n, size, size, 3); left as they are.
        kind: key of :data:`KINDS`.
        strength: in the kind's unit.
        chance: shape (n, 2), rows of :func:`chances`: to which side an image is turned, and which
            grain it gets.

    Returns:
        uint8, the same shape.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, not one of {', '.join(KINDS)}")
    if kind == "jpeg":
        return np.stack([_jpeg(image, int(strength)) for image in images])
    some: dict[str, Any] = {}
    if kind == "blur":
        some["blur"] = strength * images.shape[1]
    elif kind == "noise":
        some["noise"], some["noise_at"] = strength, chance[:, 1]
    elif kind == "turn":
        some["turn"] = np.where(chance[:, 0] < 0.5, -1.0, 1.0) * strength
    else:
        # Contrast is about mid-grey: moved by this, it becomes a multiplication.
        some["contrast"], some["brightness"] = strength, -(1 - strength) / 2
    nothing = draw(Augmentation(), np.full((len(images), len(COLUMNS)), 0.5), images.shape[1])
    every: dict[str, Any] = {
        name: np.broadcast_to(value, len(images)) for name, value in some.items()
    }
    return apply(images, replace(nothing, **every), threads=_THREADS)


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    kept = io.BytesIO()
    Image.fromarray(image).save(kept, "JPEG", quality=quality)
    with Image.open(kept) as opened:
        return np.asarray(opened.convert("RGB"))
