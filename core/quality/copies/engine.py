"""From descriptors to scored pairs: equal and blank pictures first, then search, then alignment."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.quality.copies import align, search
from core.quality.copies.groups import labels
from core.quality.copies.orientation import RELATION_OF, SAME, turn
from core.quality.descriptor import COLOUR_SIDE, DESCRIPTOR_BYTES, SIDE

DEFAULT_THRESHOLD = 0.98
"""Between what copies of photos score (from 0.99) and what different photos of like scenes do (up
to 0.97)."""

LOWEST = 0.9
"""Pairs that score less are not kept: no threshold below it finds more."""

_EXPLAINED = 0.94  # a crop by 5 % on each side keeps 0.96 of a photo
_KEEP = 5  # pairs of a picture that are aligned
_BLANK = 1.5  # standard deviation of luma, in levels: a picture with less shows nothing to compare
_BLANK_LEVELS = 2  # by how much two blank pictures may differ in any cell
_COLOUR_LEVELS = 10.0  # mean difference of chroma above which pictures are not the same
_NEARLY = 0.004  # what another orientation must score above "same" to be believed
_BATCH = 128


@dataclass(frozen=True)
class Copies:
    """Pairs of pictures that are alike.

    Attributes:
        n: how many pictures there are.
        pairs: int64 of shape (m, 2), rows; the smaller first, every pair once, sorted.
        scores: float32 of shape (m,), from :data:`LOWEST` to 1, 1 for equal descriptors.
        relations: str of shape (m,): ``same``, ``mirrored`` (also if turned as well) or ``rotated``
            (by 90°, 180° or 270°).
    """

    n: int
    pairs: NDArray[np.int64]
    scores: NDArray[np.float32]
    relations: NDArray[np.str_]


def find_copies(
    descriptors: NDArray[np.uint8], step: Callable[[float], None] | None = None
) -> Copies:
    """All pairs of pictures that are alike, among the few nearest of each.

    Of many pictures that are equal, each is paired with the first of them only.

    Args:
        descriptors: of shape (n, DESCRIPTOR_BYTES), from :func:`core.quality.descriptor.describe`.
        step: called now and then with the share in [0, 1] that is done; it may raise to stop.

    Raises:
        ValueError: descriptors of another shape.
    """
    if descriptors.ndim != 2 or descriptors.shape[1] != DESCRIPTOR_BYTES:
        raise ValueError(f"descriptors must be (n, {DESCRIPTOR_BYTES}), got {descriptors.shape}")
    report = step or (lambda _share: None)
    distinct, equal = _equal(descriptors)
    blank = descriptors[distinct, : SIDE * SIDE].std(1, dtype=np.float32) < _BLANK
    flat = _alike_blanks(descriptors, distinct[blank])
    rows = distinct[~blank]
    with threadpool_limits(1):  # threads of our own, over pieces too small for those of BLAS
        found = _alike(descriptors[rows], report)
    certain = np.concatenate((equal, flat))
    pairs = np.concatenate((certain, rows[found.pairs]))
    scores = np.concatenate((np.ones(len(certain), np.float32), found.scores))
    relations = np.concatenate((np.full(len(certain), SAME), found.relations))
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    report(1.0)
    return Copies(len(descriptors), pairs[order], scores[order], relations[order])


def groups(
    copies: Copies, threshold: float = DEFAULT_THRESHOLD, relations: Collection[str] = (SAME,)
) -> NDArray[np.int64]:
    """Group numbers (n,) of all pictures, from 0; a picture without copies has its own.

    Args:
        threshold: pairs that score less don't count.
        relations: pairs of other relations don't count.
    """
    wanted = np.isin(copies.relations, list(relations))
    return labels(copies.n, copies.pairs[wanted], copies.scores[wanted], threshold)


def _equal(descriptors: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each distinct descriptor, and pairs of it with its equals."""
    if not len(descriptors):
        return np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    whole = np.ascontiguousarray(descriptors).view(f"V{DESCRIPTOR_BYTES}").ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    original = first[inverse]
    rows = np.arange(len(descriptors))
    again = original != rows
    return np.sort(first), np.stack((original[again], rows[again]), axis=1)


def _alike_blanks(descriptors: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs (m, 2) of blank pictures of one colour, to the nearest level, that differ nowhere."""
    if len(rows) < 2:
        return np.zeros((0, 2), np.int64)
    cells = descriptors[rows].astype(np.int16)
    colours = cells[:, SIDE * SIDE :].reshape(len(rows), -1, 2).mean(1)
    means = np.rint(np.column_stack((cells[:, : SIDE * SIDE].mean(1), colours)))
    _, first, inverse = np.unique(means, axis=0, return_index=True, return_inverse=True)
    model = first[inverse.ravel()]
    near = np.abs(cells - cells[model]).max(1) <= _BLANK_LEVELS
    near &= model != np.arange(len(rows))
    return np.stack((rows[model[near]], rows[near]), axis=1)


def _alike(descriptors: NDArray[np.uint8], report: Callable[[float], None]) -> Copies:
    """Pairs among distinct pictures that show something."""
    n = len(descriptors)
    if n < 2:
        none = np.zeros(0)
        return Copies(n, np.zeros((0, 2), np.int64), none.astype(np.float32), none.astype("<U8"))
    luma = descriptors[:, : SIDE * SIDE].reshape(-1, SIDE, SIDE)
    found = search.candidates(search.spectra(luma), lambda share: report(0.5 * share))
    colours = descriptors[:, SIDE * SIDE :].reshape(-1, COLOUR_SIDE, COLOUR_SIDE, 2)
    difference = _measured(_colour_difference, colours, found)
    found = found.take(difference <= _COLOUR_LEVELS)
    explained = _measured(
        align.explained, align.coarse(luma), found, lambda share: report(0.5 + 0.2 * share)
    )
    enough = explained >= _EXPLAINED
    found = _strongest(found.take(enough), explained[enough])
    scores = _measured(align.likeness, luma, found, lambda share: report(0.7 + 0.3 * share))
    high = scores >= LOWEST
    return _once(n, found.take(high), scores[high])


def _measured(
    measure: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]],
    grids: NDArray[np.float32] | NDArray[np.uint8],
    found: search.Candidates,
    report: Callable[[float], None] = lambda _share: None,
) -> NDArray[np.float32]:
    """A measure (m,) of each candidate pair, the first picture turned as its code says."""
    order = np.argsort(found.code, kind="stable")
    bounds = np.searchsorted(found.code[order], range(len(RELATION_OF) + 1))
    batches = [
        (code, order[at : min(at + _BATCH, bounds[code + 1])])
        for code in range(len(RELATION_OF))
        for at in range(bounds[code], bounds[code + 1], _BATCH)
    ]

    def one(batch: tuple[int, NDArray[np.int64]]) -> NDArray[np.float32]:
        code, rows = batch
        firsts = turn(grids[found.first[rows]].astype(np.float32), code)
        return measure(firsts, grids[found.second[rows]].astype(np.float32))

    values = np.zeros(len(found), np.float32)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        try:
            for number, (batch, value) in enumerate(
                zip(batches, pool.map(one, batches), strict=True)
            ):
                values[batch[1]] = value
                report((number + 1) / len(batches))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return values


def _colour_difference(
    colours: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mean distance (m,) of chroma (m, side, side, 2), in levels, after the gain that a change of
    brightness brings."""
    a, b = (grids.reshape(len(grids), -1) - np.float32(128) for grids in (colours, others))
    gain = np.clip((a * b).sum(1) / ((a * a).sum(1) + 1.0), 0.7, 1.4)
    return np.abs(gain[:, None] * a - b).mean(1)


def _strongest(found: search.Candidates, explained: NDArray[np.float32]) -> search.Candidates:
    """The candidates that are among the best few of one of their two pictures."""
    keep = np.zeros(len(found), bool)
    for ends in (found.first, found.second):
        order = np.lexsort((-explained, ends))
        place = np.arange(len(order)) - np.searchsorted(ends[order], ends[order], side="left")
        keep[order[place < _KEEP]] = True
    return found.take(keep)


def _once(n: int, found: search.Candidates, scores: NDArray[np.float32]) -> Copies:
    """Each pair with its best orientation; "same" wins unless another is clearly better."""
    order = np.lexsort((-(scores + _NEARLY * (found.code == 0)), found.second, found.first))
    found, scores = found.take(order), scores[order]
    pairs = np.stack((found.first, found.second), axis=1)
    best = np.ones(len(pairs), bool)
    best[1:] = (pairs[1:] != pairs[:-1]).any(1)
    relations = np.array(RELATION_OF)[found.code]
    return Copies(n, pairs[best], scores[best], relations[best])
