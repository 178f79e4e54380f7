"""How a dataset's images are spread: over classes, sizes, shapes, brightness and file types.

Each distribution says of every image which part it is in, so that a part can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_SIDES = (32, 64, 128, 256, 512, 1024, 2048, 4096)
# Up to so many different sizes are shown one by one.
_SIZES = 10
# Width over height; a shape and its turned one are as far from a square.
_SHAPES = (
    (1 / 2, "very tall (over 2:1)"),
    (4 / 5, "tall"),
    (5 / 4, "about square"),
    (2.0, "wide"),
    (np.inf, "very wide (over 2:1)"),
)
_LIGHT_STEPS = 10


@dataclass(frozen=True)
class Distribution:
    """One way of dividing a dataset's images.

    Attributes:
        key: name for programs; key of :data:`KINDS`.
        title: for people.
        names: of the parts, in the order in which they are shown.
        number: of the part that each image is in, whole numbers of shape (rows,).
        counts: images in each part that has any.
    """

    key: str
    title: str
    names: tuple[str, ...]
    number: NDArray[np.integer]
    counts: Mapping[str, int]

    def among(self, parts: Collection[str]) -> NDArray[np.bool_]:
        """Which images are in one of some parts, shape (rows,)."""
        wanted = np.array([name in set(parts) for name in self.names], bool)
        return wanted[self.number] if len(wanted) else np.zeros(len(self.number), bool)


def distribution(key: str, table: pd.DataFrame) -> Distribution:
    """Divide images.

    Args:
        key: of :data:`KINDS`.
        table: usable images, from :func:`core.quality.curation.curated`; the columns that
            :data:`KINDS` names will do.
    """
    title, _, divide = KINDS[key]
    number, names = divide(table)
    # A part has a number of few bytes, since there may be very many images.
    number = number.astype(np.min_scalar_type(max(1, len(names))))
    found = np.bincount(number, minlength=len(names))[: len(names)]
    counts = {name: int(count) for name, count in zip(names, found, strict=True) if count}
    return Distribution(key, title, tuple(names), number, counts)


def imbalance(counts: Mapping[str, int]) -> float:
    """How many times as many images the largest class has as the smallest; 1 for none."""
    present = [count for count in counts.values() if count]
    return max(present) / min(present) if present else 1.0


_Parts = tuple[NDArray[np.integer], list[str]]


def _by_name(column: pd.Series) -> _Parts:
    """Parts in the order of their names."""
    number, found = pd.factorize(column, sort=True)
    return number, [str(name) for name in found]


def _sizes(table: pd.DataFrame) -> _Parts:
    width, height = (table[side].to_numpy(np.int64) for side in ("width", "height"))
    number, found = pd.factorize((width << 32) | height)
    if len(found) <= _SIZES:
        order = np.argsort(found)
        names = [f"{size >> 32} × {size & 0xFFFFFFFF}" for size in found[order].tolist()]
        return np.argsort(order)[number], names
    names = [
        f"under {_SIDES[0]} px",
        *(f"{low} to {high - 1} px" for low, high in pairwise(_SIDES)),
        f"{_SIDES[-1]} px and more",
    ]
    return np.searchsorted(_SIDES, np.minimum(width, height), side="right"), names


def _shapes(table: pd.DataFrame) -> _Parts:
    ratio = (table["width"] / table["height"].clip(lower=1)).to_numpy()
    limits = [limit for limit, _ in _SHAPES[:-1]]
    # On a limit, both turns of a shape count as the one nearer to a square.
    tall = np.searchsorted(limits[:2], ratio, side="right")
    wide = np.searchsorted(limits[2:], ratio, side="left")
    return tall + wide, [name for _, name in _SHAPES]


def _light(table: pd.DataFrame) -> _Parts:
    names = [f"{n * 10} to {n * 10 + 10} %" for n in range(_LIGHT_STEPS)]
    step = np.floor(table["brightness"].fillna(0.0).to_numpy(np.float64) * _LIGHT_STEPS)
    return step.clip(0, _LIGHT_STEPS - 1).astype(np.int64), names


def _types(table: pd.DataFrame) -> _Parts:
    """The most common first."""
    number, names = _by_name(table["format"])
    order = np.argsort(-np.bincount(number, minlength=len(names)), kind="stable")
    return np.argsort(order)[number], [names[n] for n in order]


# Key → title, the columns that are read, and the function that divides a table.
KINDS: dict[str, tuple[str, list[str], Callable[[pd.DataFrame], _Parts]]] = {
    "class": ("Classes", ["label"], lambda table: _by_name(table["label"])),
    "size": ("Sizes", ["width", "height"], _sizes),
    "shape": ("Shapes", ["width", "height"], _shapes),
    "light": ("Brightness", ["brightness"], _light),
    "type": ("File types", ["format"], _types),
}
