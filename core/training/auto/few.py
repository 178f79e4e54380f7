"""Which of many images are looked at first, and which are enough to compare by."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The first answer is of about so many, and of so many of each class, as far as reading them takes
# no longer than so many seconds of a core.
FIRST, _EACH, _FIRST_S = 400, 5, 2.5
# Seconds of a core in which an image is read, and a million of its pixels.
_READ_S, _READ_MILLION_S = 0.001, 0.004


def first(
    table: pd.DataFrame, labels: NDArray[np.int64], classes: int, seed: int
) -> NDArray[np.int64]:
    """Positions of the images that the first answer is made of; none where all are not many more.

    Args:
        table: columns ``width`` and ``height``, in pixels.
        labels: of the same images.
    """
    million = float((table["width"] * table["height"]).mean()) / 1e6
    most = int(_FIRST_S / (_READ_S + _READ_MILLION_S * million))
    most = max(min(FIRST, most), _EACH * classes)
    return np.zeros(0, np.int64) if 2 * most > len(labels) else spread(labels, most, seed)


def spread(labels: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Positions of about ``most`` of these, in order, drawn by chance from each class in
    proportion."""
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(mine[: max(2, round(len(mine) * most / len(labels)))])
    return np.sort(np.concatenate(chosen))
