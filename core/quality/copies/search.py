"""Which pictures might be copies: the nearest in a coarse spectrum, among millions of pairs.

Each picture becomes a unit vector of the lowest 8×8 waves of its tapered luma. Vectors are put into
about 2√n lists by spherical k-means, and each (in each orientation) is compared with the members of
the few lists whose centres are nearest to it (an inverted file with multi-probe, as in Jégou,
Douze and Schmid, "Product quantization for nearest neighbor search", 2011), so the work grows with
n·√n and not with n².
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.quality.copies.orientation import INVERSE_OF, SEARCHED, turn_spectra

_WAVES = 8
_ALIKE = 0.85  # cosine; a crop by 5 % on each side keeps 0.88 and more of a photo
_KEEP = 6  # nearest that are looked at, for each picture in each orientation
_BRUTE = 3000  # up to this many pictures all pairs are compared
_PROBES = 8
_BLOCK = 4096

_Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]
"""Rows of queries, rows of vectors, and their cosines."""


@dataclass(frozen=True)
class Candidates:
    """Pairs that might be copies: ``first`` < ``second`` (int64), and ``code`` (int8, the
    orientation that takes the first to the second), all of shape (m,)."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    code: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Candidates:
        """Some of them, by index or mask."""
        return Candidates(self.first[rows], self.second[rows], self.code[rows])


def spectra(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unit-length cosine spectra (n, 8, 8) of luma grids (n, side, side), the mean taken out; edges
    count half, for a crop or a slight turn changes them most."""
    n, side, _ = luma.shape
    edge = 1 - 0.5 * ((np.arange(side) - (side - 1) / 2) / (side / 2)) ** 4
    from scipy.fft import dct  # not needed to look at what was found

    waves = (dct(np.eye(side), axis=0, norm="ortho")[:_WAVES] * edge).astype(np.float32)
    share = (edge / edge.sum()).astype(np.float32)
    found = np.empty((n, _WAVES, _WAVES), np.float32)
    for start in range(0, n, _BLOCK):
        block = luma[start : start + _BLOCK].astype(np.float32)
        block -= np.einsum("nyx,y,x->n", block, share, share)[:, None, None]
        seen = waves @ (block @ waves.T)
        length = np.sqrt((seen * seen).sum((1, 2), keepdims=True))
        found[start : start + _BLOCK] = seen / np.maximum(length, 1e-6)
    return found


def candidates(waves: NDArray[np.float32], step: Callable[[float], None]) -> Candidates:
    """The nearest pairs in all orientations.

    Args:
        waves: from :func:`spectra`.
        step: called now and then with the share that is done.
    """
    n = len(waves)
    vectors = waves.reshape(n, -1)
    lists = _Lists(vectors)
    found = []
    for number, code in enumerate(SEARCHED):
        queries = np.ascontiguousarray(turn_spectra(waves, code)).reshape(n, -1)
        first, second, _ = lists.nearest(queries)
        found.append(_ordered(first, second, code))
        step((number + 1) / len(SEARCHED))
    return Candidates(
        np.concatenate([each.first for each in found]),
        np.concatenate([each.second for each in found]),
        np.concatenate([each.code for each in found]),
    )


def _ordered(first: NDArray[np.int64], second: NDArray[np.int64], turned: int) -> Candidates:
    """Each pair once, the smaller row first; no picture with itself."""
    code = np.where(first > second, INVERSE_OF[turned], turned).astype(np.int8)
    low, high = np.minimum(first, second), np.maximum(first, second)
    key = (low << 34) | (high << 3) | code
    _, once = np.unique(key, return_index=True)
    once = once[low[once] != high[once]]
    return Candidates(low[once], high[once], code[once])


class _Lists:
    """Unit vectors in lists of neighbours."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors
        if len(vectors) <= _BRUTE:
            self._centres = None
            self._members = [np.arange(len(vectors))]
            return
        self._centres = _centres(vectors, int(2 * np.sqrt(len(vectors))))
        home = np.concatenate(
            [np.argmax(block @ self._centres.T, axis=1) for block in _blocks(vectors)]
        )
        self._members = _by_list(home, len(self._centres))

    def nearest(self, queries: NDArray[np.float32]) -> _Found:
        """For each query its nearest vectors: rows of queries, of vectors, and cosines."""
        asking = self._asking(queries)

        def look(number: int) -> _Found:
            members = self._members[number]
            found = []
            for start in range(0, len(asking[number]), _BLOCK):
                ask = asking[number][start : start + _BLOCK]
                row, other, cosine = _closest(queries[ask] @ self._vectors[members].T)
                found.append((ask[row], members[other], cosine))
            return _joined(found)

        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            return _best(*_joined(list(pool.map(look, range(len(asking))))))

    def _asking(self, queries: NDArray[np.float32]) -> list[NDArray[np.int64]]:
        """For each list the queries that look into it."""
        if self._centres is None:
            return [np.arange(len(queries))]
        probed = np.concatenate(
            [
                np.argpartition(-(block @ self._centres.T), _PROBES - 1, axis=1)[:, :_PROBES]
                for block in _blocks(queries)
            ]
        )
        places = _by_list(probed.ravel(), len(self._centres))
        return [place // _PROBES for place in places]


def _blocks(vectors: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK)]


def _by_list(home: NDArray[np.int64], lists: int) -> list[NDArray[np.int64]]:
    """Positions in ``home`` for each list."""
    order = np.argsort(home, kind="stable")
    ends = np.cumsum(np.bincount(home, minlength=lists))
    return np.split(order, ends[:-1])


def _centres(vectors: NDArray[np.float32], lists: int) -> NDArray[np.float32]:
    """Centres by spherical k-means on a sample, the same at each run."""
    rng = np.random.default_rng(0)
    sample = vectors[rng.permutation(len(vectors))[: 24 * lists]]
    centres = sample[:lists].copy()
    for _ in range(6):
        home = np.argmax(sample @ centres.T, axis=1)
        order = np.argsort(home, kind="stable")
        counts = np.bincount(home, minlength=lists)
        filled = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[filled]
        sums = np.add.reduceat(sample[order], starts, axis=0)
        centres[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return centres


def _joined(found: list[_Found]) -> _Found:
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows, others, cosines = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(others), np.concatenate(cosines)


def _closest(cosines: NDArray[np.float32]) -> _Found:
    """Places of the largest few of each row that are alike enough."""
    alike = cosines >= _ALIKE
    keep = _KEEP + 1  # a picture finds itself, too
    many = np.flatnonzero(alike.sum(axis=1) > keep)
    if len(many):
        crowded = cosines[many]
        least = np.partition(crowded, -keep, axis=1)[:, -keep]
        alike[many] = crowded >= least[:, None]
    row, other = np.nonzero(alike)
    return row, other, cosines[row, other]


def _best(
    rows: NDArray[np.int64], others: NDArray[np.int64], cosines: NDArray[np.float32]
) -> _Found:
    """The largest few of each query over all its lists."""
    order = np.lexsort((-cosines, rows))
    rows, others, cosines = rows[order], others[order], cosines[order]
    start = np.searchsorted(rows, rows, side="left")
    kept = np.arange(len(rows)) - start <= _KEEP
    return rows[kept], others[kept], cosines[kept]
