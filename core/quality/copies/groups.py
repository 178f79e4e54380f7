"""Groups of pictures that belong together, from pairs that are alike: milliseconds for a new
threshold, however many pictures there are.

Linked pictures form a group, but links of middling strength don't chain many pictures into one:
the larger the group that a pair would make, the stronger it must be (the idea of Felzenszwalb and
Huttenlocher, "Efficient graph-based image segmentation", 2004).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CERTAIN = 0.985  # pairs this much alike may build groups of any size


def labels(
    n: int, pairs: NDArray[np.int64], scores: NDArray[np.float32], threshold: float
) -> NDArray[np.int64]:
    """Group numbers (n,), from 0, in the order of each group's first picture; one that is like no
    other has a number of its own.

    Args:
        pairs: rows, of shape (m, 2).
        scores: of shape (m,), in [0, 1].
        threshold: pairs below it don't count.
    """
    strong = scores >= threshold
    pairs, scores = pairs[strong], scores[strong]
    linked = components(n, pairs)
    crowded = np.bincount(linked, minlength=n)[linked][pairs[:, 0]] > 2
    if (scores[crowded] < CERTAIN).any():
        allowed = _unchained(pairs[crowded], scores[crowded], threshold)
        linked = components(n, np.concatenate((pairs[~crowded], allowed)))
    _, first, inverse = np.unique(linked, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def components(n: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of n things the number of the group that each is in, by pairs (m, 2) that are linked."""
    # Imported here: it was a seventh of the start of any command.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _unchained(
    pairs: NDArray[np.int64], scores: NDArray[np.float32], threshold: float
) -> NDArray[np.int64]:
    """The pairs that may join the groups at their ends, tried from the strongest down."""
    parent: dict[int, int] = {}
    size: dict[int, int] = {}

    def root(row: int) -> int:
        while (above := parent.get(row, row)) != row:
            parent[row] = parent.get(above, above)
            row = above
        return row

    allowed = []
    for place in np.argsort(-scores, kind="stable").tolist():
        a, b = root(int(pairs[place, 0])), root(int(pairs[place, 1]))
        if a == b:
            continue
        joined = size.get(a, 1) + size.get(b, 1)
        if scores[place] >= threshold + max(CERTAIN - threshold, 0.0) * (1 - 2 / joined):
            parent[b] = a
            size[a] = joined
            allowed.append(place)
    return pairs[allowed]
