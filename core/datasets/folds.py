"""Folds of a cross-validation: each image is judged once, by what has seen no copy of it."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray


def folds(
    labels: NDArray[np.int64], groups: NDArray[np.int64], most: int, seed: int
) -> list[NDArray[np.int64]]:
    """Rows of each fold; every row is in exactly one, and images of a group are in one together.

    Args:
        labels: shape (n,), 0 to k - 1; classes are spread evenly over the folds.
        groups: shape (n,); copies of a picture share a number.
        most: folds that are wanted; fewer where there are fewer groups.

    Returns:
        At least one fold; a single one where all images are copies of each other.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    different = len(np.unique(groups))
    # A class of a single image can't be spread; it is left to fall where it may.
    most = min(most, different, int(np.bincount(labels).max()))
    if most < 2:
        return [np.arange(len(labels))]
    with warnings.catch_warnings():
        # Of classes with fewer images than there are folds; see above.
        warnings.simplefilter("ignore", UserWarning)
        if different == len(groups):
            plain = StratifiedKFold(most, shuffle=True, random_state=seed)
            return [test for _, test in plain.split(labels, labels)]
        grouped = StratifiedGroupKFold(most, shuffle=True, random_state=seed)
        return [test for _, test in grouped.split(labels, labels, groups) if len(test)]
