"""What a quick classifier says of each image that it was not fitted on.

Kernel ridge regression on one-hot labels with an RBF kernel, which is fitted in closed form: on
2,000 images ten folds take seconds, and a handful of wrong labels hardly sways it. Above
``_LANDMARKS`` images the kernel is approximated (Nyström; Williams & Seeger, 2001).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_FOLDS = 10
_LANDMARKS = 2000
_RIDGE = 0.3
# The width of the kernel is a typical distance; that is looked up among so many images.
_SAMPLE = 1000


def out_of_fold(
    features: NDArray[np.float32],
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
        step: told (folds done, folds) after each.

    Returns:
        Shape (n, k); rows add up to 1. How sure the answers are is scaled (Guo et al., 2017) so
        that the given labels are as likely as possible.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax, softmax

    mapped = _kernel_map(features, seed)
    target = np.eye(int(labels.max()) + 1)[labels]
    mean = target.mean(0)
    scores = np.zeros(target.shape)
    everything, answers = mapped.T @ mapped, mapped.T @ (target - mean)
    everything[np.diag_indices_from(everything)] += _RIDGE
    folds = _folds(labels, groups, seed)
    for number, held_out in enumerate(folds, 1):
        some = mapped[held_out]
        weights = np.linalg.solve(
            everything - some.T @ some, answers - some.T @ (target[held_out] - mean)
        )
        scores[held_out] = some @ weights + mean
        if step is not None:
            step(number, len(folds))
    rows = np.arange(len(labels))
    best = minimize_scalar(
        lambda sharpness: -log_softmax(scores * sharpness, axis=1)[rows, labels].mean(),
        bounds=(1.0, 40.0),
        method="bounded",
    )
    return np.asarray(softmax(scores * best.x, axis=1))


def _kernel_map(features: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """Vectors whose inner products are (nearly) the RBF kernel of the features."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.metrics import pairwise_distances

    scaled = (features - features.mean(0)) / (features.std(0) + 1e-6)
    rng = np.random.default_rng(seed)
    sample = scaled[rng.permutation(len(scaled))[:_SAMPLE]]
    typical = float(np.median(pairwise_distances(sample, metric="sqeuclidean")))
    kernel = Nystroem(
        gamma=1.0 / max(typical, 1e-6),
        n_components=min(len(scaled), _LANDMARKS),
        random_state=seed,
    )
    return np.asarray(kernel.fit_transform(scaled))


def _folds(
    labels: NDArray[np.int64], groups: NDArray[np.int64], seed: int
) -> list[NDArray[np.int64]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    few, different = int(np.bincount(labels).min()), len(np.unique(groups))
    if different < 2:
        # All are copies of one picture: there is nothing to learn from for any of them.
        return [np.arange(len(labels))]
    count = max(2, min(_FOLDS, few, different))
    if different == len(groups):
        plain = StratifiedKFold(count, shuffle=True, random_state=seed)
        return [test for _, test in plain.split(labels, labels)]
    grouped = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return [test for _, test in grouped.split(labels, labels, groups) if len(test)]
