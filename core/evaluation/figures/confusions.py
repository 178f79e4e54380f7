"""How to lay out a confusion matrix: which classes lie beside each other, and which to show
first."""

from __future__ import annotations

import numpy as np


def rates(confusion: np.ndarray) -> np.ndarray:
    """Each row's shares of its sum: float64, of the same shape; zeros for rows without images."""
    counts = np.asarray(confusion, np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.where(totals > 0, totals, 1.0)


def similarity_order(confusion: np.ndarray) -> list[int]:
    """The order of classes in which those that are mixed up lie side by side.

    Classes are near each other as far as images of one are taken for the other, either way.
    They are clustered by average linkage, and the tree's leaves ordered so that neighbours are as
    near as can be (Bar-Joseph, Gifford and Jaakkola, 2001), by SciPy. The same matrix gives the
    same order; without any confusion, that is the order given.

    Args:
        confusion: counts, shape (classes, classes), rows true.
    """
    counts = np.asarray(confusion, np.int64)
    size = len(counts)
    # How much of two classes is taken for each other: symmetric, 0 to 2.
    off = rates(counts)
    np.fill_diagonal(off, 0)
    off = off + off.T
    if size < 3 or not off.any():
        return list(range(size))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - off / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    order = [int(n) for n in leaves_list(tree)]
    # A tree can be read from either side: begin with the side that is nearer to the order given.
    half = size // 2
    return order if sum(order[:half]) <= sum(order[-half:]) else order[::-1]


def most_confused(confusion: np.ndarray, limit: int) -> list[int]:
    """The classes of the pairs that are mixed up most, until there are ``limit``; in no order.

    Pairs go by the number of images, both ways together. Where there are fewer such classes, those
    with the most images follow.
    """
    counts = np.asarray(confusion, np.int64)
    size = len(counts)
    if size <= limit:
        return list(range(size))
    both = np.triu(counts + counts.T, 1)
    pairs = np.argsort(-both, axis=None, kind="stable")[: int((both > 0).sum())]
    found: dict[int, None] = {}
    for pair in pairs:
        row, column = divmod(int(pair), size)
        if len(found | {row: None, column: None}) > limit:
            if len(found) >= limit - 1:
                break
            continue
        found |= {row: None, column: None}
    for number in np.argsort(-counts.sum(axis=1), kind="stable"):
        if len(found) >= limit:
            break
        found[int(number)] = None
    return list(found)
