"""How much of each kind an image gets: the options' largest strengths and random numbers in.

Every image has its own row of numbers and every kind its own columns, so a kind that is switched
on or moved changes nothing about the others. A page's preview only changes where it should.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from core.training.augmentation.kind import CHANGES, MORE, Chosen, Kind

# One random number an image for each. Their order is part of what a seed means, so what comes later
# gets its own from the first of them.
COLUMNS = (
    "mirror",
    "flip",
    "turn",
    "zoom",
    "across",
    "down",
    "shear",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "blur",
    "noise",
    "noise_at",
    "cutout",
    "cutout_x",
    "cutout_y",
    "first",
    "second",
    "first_sign",
    "second_sign",
)
# An image is never shown smaller than this; beyond, hardly anything of it is left to see.
SMALLEST = 0.1


@dataclass(frozen=True)
class Drawn:
    """What is done to each of n images; all arrays of shape (n,), float64 if not said otherwise.

    Attributes:
        mirror, flip: bool; left for right, upside down.
        turn: degrees, anticlockwise.
        zoom: factor; above 1 shows things larger.
        across, down: shift to the right and downwards, in shares of the side.
        shear: degrees; the lower half leans to the right where positive.
        brightness: added, in shares of the whole range.
        contrast: factor about mid-grey.
        saturation: factor.
        hue: turn of the colour circle, in shares of it.
        blur: standard deviation in pixels.
        noise: standard deviation in shares of the range.
        noise_at: 0 to 1, which noise.
        cutout: side of the grey square, in shares of the image's; 0 for none.
        cutout_x, cutout_y: its middle, in shares of the side.
        more: names and strengths of what is done after all this.
        seeds: uint64; what the numbers for it are drawn from.
    """

    mirror: np.ndarray
    flip: np.ndarray
    turn: np.ndarray
    zoom: np.ndarray
    across: np.ndarray
    down: np.ndarray
    shear: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray
    saturation: np.ndarray
    hue: np.ndarray
    blur: np.ndarray
    noise: np.ndarray
    noise_at: np.ndarray
    cutout: np.ndarray
    cutout_x: np.ndarray
    cutout_y: np.ndarray
    more: tuple[tuple[str, float], ...] = ()
    seeds: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.turn)


class _Drawable(NamedTuple):
    """One that RandAugment may draw: what it does at its full strength, 10."""

    name: str
    most: float
    signed: bool = True


_RANDAUGMENT = (
    _Drawable("turn", 30.0),
    _Drawable("shear", 17.0),
    _Drawable("zoom", 0.3),
    _Drawable("across", 0.3),
    _Drawable("down", 0.3),
    _Drawable("brightness", 0.4),
    _Drawable("contrast", 0.7),
    _Drawable("saturation", 0.9),
    _Drawable("hue", 0.1),
    _Drawable("blur", 0.015, signed=False),  # of the side: the same look at every size
    _Drawable("noise", 0.06, signed=False),
    _Drawable("cutout", 0.4, signed=False),
)
_FACTORS = {"zoom", "contrast", "saturation"}


def draw(options: Chosen, numbers: np.ndarray, size: int) -> Drawn:
    """What each image gets.

    Args:
        numbers: float64, shape (n, len(COLUMNS)), uniform in [0, 1).
        size: side of the images, in pixels.
    """
    given = dict(zip(COLUMNS, numbers.T, strict=True))

    def either_way(column: str, most: float) -> np.ndarray:
        return (2 * given[column] - 1) * most

    drawn = {
        "turn": either_way("turn", options.rotation),
        "zoom": 1 + either_way("zoom", options.zoom),
        "across": either_way("across", options.shift),
        "down": either_way("down", options.shift),
        "shear": either_way("shear", options.shear),
        "brightness": either_way("brightness", options.brightness),
        "contrast": 1 + either_way("contrast", options.contrast),
        "saturation": 1 + either_way("saturation", options.saturation),
        "hue": either_way("hue", options.hue),
        "blur": given["blur"] * options.blur,
        "noise": given["noise"] * options.noise,
        "cutout": given["cutout"] * options.cutout,
    }
    if options.randaugment:
        _add_two(drawn, given, options.randaugment / 10, size)
    drawn["zoom"] = np.maximum(drawn["zoom"], SMALLEST)
    found = Drawn(
        mirror=(given["mirror"] < 0.5) & options.flip_horizontal,
        flip=(given["flip"] < 0.5) & options.flip_vertical,
        noise_at=given["noise_at"],
        cutout_x=given["cutout_x"],
        cutout_y=given["cutout_y"],
        **drawn,
    )
    if any(getattr(options, name) for name in CHANGES):
        more = tuple((name, float(getattr(options, name))) for name in CHANGES)
        seeds = (given[COLUMNS[0]] * 2**53).astype(np.uint64)
        return replace(found, more=tuple(each for each in more if each[1]), seeds=seeds)
    return found


def _add_two(
    drawn: dict[str, np.ndarray], given: dict[str, np.ndarray], strength: float, size: int
) -> None:
    """Two different kinds an image at ``strength`` (0 to 1), on top of what is there."""
    kinds = len(_RANDAUGMENT)
    first = (given["first"] * kinds).astype(np.int64)
    second = (first + 1 + (given["second"] * (kinds - 1)).astype(np.int64)) % kinds
    signs = [np.where(given[name] < 0.5, -1.0, 1.0) for name in ("first_sign", "second_sign")]
    for number, kind in enumerate(_RANDAUGMENT):
        amount = np.zeros(len(first))
        for chosen, sign in zip((first, second), signs, strict=True):
            here = chosen == number
            amount[here] = kind.most * strength * (sign[here] if kind.signed else 1.0)
        if kind.name == "blur":
            amount *= size
        there = drawn[kind.name]
        if kind.name in _FACTORS:
            drawn[kind.name] = there * (1 + amount)
        elif kind.name in ("blur", "noise"):
            drawn[kind.name] = np.hypot(there, amount)  # variances add
        elif kind.name == "cutout":
            drawn[kind.name] = np.maximum(there, amount)
        else:
            drawn[kind.name] = there + amount


KINDS = (
    # Cubuk et al., 2020.
    Kind(
        "randaugment",
        "RandAugment",
        "On top, does two things to each image that are drawn from turning, leaning, zooming, "
        "shifting, light, colours, blur, noise and cutting out, all at this strength.",
        "with two more kinds drawn at strength {} of 10",
        MORE,
        maximum=10,
        step=0.5,
    ),
)
