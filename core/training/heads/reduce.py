"""Features of a frozen network as few coordinates that carry nearly all of what differs.

The features come in parts (quarters of a middle layer, the last layer as a whole). Each part is
centred and scaled to a mean square length of 1, so that the one with the larger numbers doesn't
drown the other; then all are turned to their principal axes. The whole is one dense layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Step

# Coordinates at most. 768 of MobileNetV2's 3,584 features keep 98 % of the variance of the hands.
MOST = 768
# Axes are found on so many images; those of more are the same.
_ENOUGH_FOR_AXES = 8000
# Matrices of so many rows are decomposed whole, in a second; of larger ones only what is wanted is
# found, with so many axes more than are wanted, in so many turns.
_WHOLE, _MORE, _TURNS = 2000, 64, 4


def reducing(features: NDArray, parts: Sequence[int], seed: int, most: int = MOST) -> Step:
    """The dense layer that turns features into coordinates.

    Args:
        features: float16 or float32, shape (n, f), of all images that are learned from.
        parts: how many features each part has, in order; they add up to f.
        seed: draws the images that the axes are found on, where there are many.

    Returns:
        From (n, f) to (n, r), with r at most ``most``, n - 1 and f.
    """
    rows = np.arange(len(features))
    if len(rows) > _ENOUGH_FOR_AXES:
        rows = np.sort(np.random.default_rng(seed).permutation(len(features))[:_ENOUGH_FOR_AXES])
    some = np.asarray(features[rows], np.float32)
    mean = some.mean(axis=0)
    some -= mean
    scale = np.ones(some.shape[1], np.float32)
    start = 0
    for size in parts:
        part = some[:, start : start + size]
        length = float(np.sqrt(np.square(part).sum(axis=1).mean()))
        scale[start : start + size] = 1 / max(length, 1e-6)
        start += size
    some *= scale
    axes = _axes(some, most)
    kernel = np.ascontiguousarray(scale[:, None] * axes, np.float32)
    return Step(kernel, np.asarray(-mean @ kernel, np.float32))


def _axes(centred: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Principal axes, shape (f, r), by the smaller of the two products."""
    count, size = centred.shape
    small = centred @ centred.T if count <= size else centred.T @ centred
    values, vectors = _largest(small, min(most, max(1, count - 1), size))
    if count > size:
        return vectors.astype(np.float32)
    return np.asarray(centred.T @ (vectors / np.sqrt(values)).astype(np.float32), np.float32)


def _largest(
    symmetric: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest eigenvalues and their vectors, without those that are nothing but rounding."""
    from scipy.linalg import eigh

    size = len(symmetric)
    if size > _WHOLE and most < size // 3:
        values, vectors = _within(symmetric, most)
    else:
        values, vectors = eigh(
            symmetric.astype(np.float64), subset_by_index=(size - most, size - 1), driver="evr"
        )
    # The same on every machine: the largest part of each vector is positive.
    strongest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[strongest, np.arange(vectors.shape[1])])
    order = np.argsort(-values)
    kept = order[values[order] > max(1e-6 * float(values.max()), 1e-12)]
    kept = kept if len(kept) else order[:1]
    return np.maximum(values[kept], 1e-12), vectors[:, kept]


def _within(
    symmetric: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As :func:`scipy.linalg.eigh`, of a large matrix: eigenvectors within a space that is turned
    towards the largest by multiplying it again and again (Halko, Martinsson & Tropp 2011,
    algorithm 4.4)."""
    # Drawn alike each time, whatever the seed of the run: the axes should depend on images only.
    shape = (len(symmetric), most + _MORE)
    basis = np.random.default_rng(0).standard_normal(shape, np.float32)
    for _ in range(_TURNS):
        basis = np.linalg.qr(symmetric @ basis)[0]
    inside = (basis.T @ (symmetric @ basis)).astype(np.float64)
    values, vectors = np.linalg.eigh((inside + inside.T) / 2)
    return values[-most:], basis.astype(np.float64) @ vectors[:, -most:]
