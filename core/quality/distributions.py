"""How a dataset's images are spread: over classes, sizes, shapes, brightness and file types.

Each distribution says of every image which part it is in, so that a part can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

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
        part: the part that each image is in, on the index of the table; str.
        counts: images in each part, in the order in which parts are shown.
    """

    key: str
    title: str
    part: pd.Series
    counts: Mapping[str, int]


def distribution(key: str, table: pd.DataFrame) -> Distribution:
    """Divide images.

    Args:
        key: of :data:`KINDS`.
        table: usable images, from :func:`core.quality.curation.curated`.
    """
    title, divide = KINDS[key]
    part, order = divide(table)
    found = part.value_counts()
    counts = {name: int(found[name]) for name in order if name in found.index}
    return Distribution(key, title, part, counts)


def within(table: pd.DataFrame, chosen: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """The rows that are in one of the chosen parts of every distribution that is named.

    Args:
        table: usable images.
        chosen: parts by key of distribution; none for no restriction.
    """
    keep = pd.Series(True, index=table.index)
    for key, parts in chosen.items():
        if parts:
            keep &= distribution(key, table).part.isin(list(parts))
    return table[keep]


def imbalance(counts: Mapping[str, int]) -> float:
    """How many times as many images the largest class has as the smallest; 1 for none."""
    present = [count for count in counts.values() if count]
    return max(present) / min(present) if present else 1.0


def _classes(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    part = table["label"].astype("str")
    return part, sorted(part.unique())


def _sizes(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    sizes = table[["width", "height"]].drop_duplicates().sort_values(["width", "height"])
    if len(sizes) <= _SIZES:
        part = table["width"].astype("str") + " × " + table["height"].astype("str")
        return part, [f"{width} × {height}" for width, height in sizes.itertuples(index=False)]
    names = [
        f"under {_SIDES[0]} pixels",
        *(f"{low} to {high - 1}" for low, high in pairwise(_SIDES)),
        f"{_SIDES[-1]} and more",
    ]
    short = table[["width", "height"]].min(axis=1)
    return _named(np.searchsorted(_SIDES, short, side="right"), names, table), names


def _shapes(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    names = [name for _, name in _SHAPES]
    ratio = table["width"] / table["height"].clip(lower=1)
    limits = [limit for limit, _ in _SHAPES[:-1]]
    # On a limit, both turns of a shape count as the one nearer to a square.
    tall = np.searchsorted(limits[:2], ratio, side="right")
    wide = np.searchsorted(limits[2:], ratio, side="left")
    return _named(tall + wide, names, table), names


def _light(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    names = [f"{n * 10} to {n * 10 + 10} %" for n in range(_LIGHT_STEPS)]
    step = np.floor(table["brightness"].fillna(0.0).to_numpy(np.float64) * _LIGHT_STEPS)
    return _named(step.clip(0, _LIGHT_STEPS - 1).astype(np.int64), names, table), names


def _types(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    part = table["format"].astype("str")
    return part, list(part.value_counts().index)


def _named(number: np.ndarray, names: list[str], table: pd.DataFrame) -> pd.Series:
    return pd.Series(np.array(names, dtype=object)[number], index=table.index, dtype="str")


# Key → title, and the function that divides a table.
KINDS: dict[str, tuple[str, Callable[[pd.DataFrame], tuple[pd.Series, list[str]]]]] = {
    "class": ("Classes", _classes),
    "size": ("Sizes", _sizes),
    "shape": ("Shapes", _shapes),
    "light": ("Brightness", _light),
    "type": ("File types", _types),
}
