"""What a quick classifier says of each image that it was not fitted on.

Kernel ridge regression on one-hot labels with an RBF kernel, which is fitted in closed form: on
2,000 images ten folds take seconds, and a handful of wrong labels hardly sways it. Above
``_LANDMARKS`` images the kernel is approximated (Nyström; Williams & Seeger, 2001), a block of
images after the other, so that time grows with their number and memory doesn't.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.datasets.folds import folds
from core.quality.suspects.standard import Standardised

_FOLDS = 10
_LANDMARKS = 2000
_RIDGE = 0.3
# The width of the kernel is a typical distance; that is looked up among so many images.
_SAMPLE = 1000
# Images that are mapped at once; of so many in all, what was mapped is kept for the second time.
_BLOCK, _KEPT = 8192, 40_000
# From so many on, how sure answers are is scaled by a sample of them.
_SCALED = 100_000


def out_of_fold(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    seed: int = 0,
    step: Callable[[int, int], None] | None = None,
) -> NDArray[np.float64]:
    """Probabilities of each image's classes from a classifier that has not seen it.

    Args:
        features: shape (n, d).
        labels: shape (n,), 0 to k - 1, each at least twice.
        groups: shape (n,); images of one group (copies) are held out together, since a copy would
            give the label away, right or wrong.
        step: told (done, all) as it goes on.

    Returns:
        Shape (n, k); rows add up to 1. How sure the answers are is scaled (Guo et al., 2017) so
        that the given labels are as likely as possible.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax, softmax

    kernel = _Kernel(features, seed)
    one_hot = np.eye(int(labels.max()) + 1)
    mean = np.bincount(labels, minlength=len(one_hot)) / len(labels)
    most = max(2, min(_FOLDS, int(np.bincount(labels).min())))
    parts = [_pieces(held_out) for held_out in folds(labels, groups, most, seed)]
    told, steps = step or (lambda _done, _steps: None), 2 * sum(len(pieces) for pieces in parts)
    done = 0
    squares = np.zeros((len(parts), kernel.landmarks, kernel.landmarks))
    answers = np.zeros((len(parts), kernel.landmarks, len(one_hot)))
    for number, pieces in enumerate(parts):
        for rows in pieces:
            some = kernel.map(rows)
            squares[number] += some.T @ some
            answers[number] += some.T @ (one_hot[labels[rows]] - mean)
            told(done := done + 1, steps)
    square, answer = squares.sum(axis=0), answers.sum(axis=0)
    square[np.diag_indices_from(square)] += _RIDGE
    scores = np.zeros((len(labels), len(one_hot)))
    for number, pieces in enumerate(parts):
        weights = np.linalg.solve(square - squares[number], answer - answers[number])
        for rows in pieces:
            scores[rows] = kernel.map(rows) @ weights + mean
            told(done := done + 1, steps)
    rows = np.random.default_rng(seed).permutation(len(labels))[:_SCALED]
    some, given = scores[rows], labels[rows]
    best = minimize_scalar(
        lambda sharpness: (
            -log_softmax(some * sharpness, axis=1)[np.arange(len(rows)), given].mean()
        ),
        bounds=(1.0, 40.0),
        method="bounded",
    )
    return np.asarray(softmax(scores * best.x, axis=1))


class _Kernel:
    """Vectors whose inner products are (nearly) the RBF kernel of the features.

    Attributes:
        landmarks: how long the vectors are.
    """

    def __init__(self, features: NDArray[np.floating], seed: int) -> None:
        from sklearn.kernel_approximation import Nystroem
        from sklearn.metrics import pairwise_distances

        self._scaled = Standardised(features)
        count = len(features)
        sample = self._scaled[np.random.default_rng(seed).permutation(count)[:_SAMPLE]]
        typical = float(np.median(pairwise_distances(sample, metric="sqeuclidean")))
        # As Nystroem itself would choose them.
        chosen = np.random.RandomState(seed).permutation(count)[:_LANDMARKS]
        self.landmarks = len(chosen)
        self._map = Nystroem(
            gamma=1.0 / max(typical, 1e-6), n_components=self.landmarks, random_state=seed
        ).fit(self._scaled[chosen])
        self._kept: dict[int, NDArray[np.floating]] | None = {} if count <= _KEPT else None

    def map(self, rows: NDArray[np.int64]) -> NDArray[np.floating]:
        """Shape (rows, landmarks); rows come in the same pieces each time."""
        if self._kept is None:
            return np.asarray(self._map.transform(self._scaled[rows]))
        first = int(rows[0])
        if first not in self._kept:
            self._kept[first] = np.asarray(self._map.transform(self._scaled[rows]))
        return self._kept[first]


def _pieces(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
