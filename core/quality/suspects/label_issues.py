"""From features and labels to doubts: which labels look wrong, which images look out of place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.quality.suspects.out_of_fold import out_of_fold
from core.quality.suspects.standard import Standardised

_NEIGHBOURS = 5
_DIMENSIONS = 64
# Images whose principal dimensions are taken for those of all, images of a class among which the
# nearest are looked for, and images that are looked at once.
_AXES, _REFERENCE, _BLOCK = 60_000, 20_000, 8192


@dataclass(frozen=True)
class Doubts:
    """What was found out about each image.

    Attributes:
        label: float32, shape (n,), 0 to 1: how doubtful its class is; 0 where no other is likelier.
            So many are at 0.5 and above as confident learning (Northcutt et al., 2021) counts wrong
            labels in the dataset.
        suggested: int64, shape (n,): the class that it looks most like; its own where that isn't
            doubted.
        outlier: float32, shape (n,), 0 to 1: how unlike the others of its class it is.
    """

    label: NDArray[np.float32]
    suggested: NDArray[np.int64]
    outlier: NDArray[np.float32]


def find_issues(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    seed: int = 0,
    *,
    cautious: bool = False,
    step: Callable[[int, int], None] | None = None,
) -> Doubts:
    """Doubts about every image.

    A rare class is unlikely before one looks, and so are most of its labels; as if all classes were
    of one size, the large ones' labels are. So a label is doubted only where both ways of seeing it
    say another class, and as little as the milder of them does. Figures: docs/SPEED.md.

    Args:
        features, labels, groups, step: as for
            :func:`core.quality.suspects.out_of_fold.out_of_fold`.
        cautious: count fewer labels as wrong; for features that a classifier is often wrong on.
    """
    rows = np.arange(len(labels))
    views = [out_of_fold(features, labels, groups, seed, step)]
    views.append(_of_equal_classes(views[0], labels))
    trust = 0.0 if cautious else _trust(labels)
    count = min(_count(labels, view, trust) for view in views)
    other = np.logical_and.reduce([view.argmax(axis=1) != labels for view in views])
    unlikely = 1 - np.maximum.reduce([view[rows, labels] for view in views])
    unlikely[~other] = 0
    doubt = unlikely / 2
    doubt[np.argsort(-unlikely, kind="stable")[: min(count, np.count_nonzero(unlikely))]] += 0.5
    suggested = np.where(other, views[1].argmax(axis=1), labels)
    return Doubts(
        np.minimum(doubt, 1.0).astype(np.float32),
        suggested,
        _outliers(features, labels, seed),
    )


def _count(labels: NDArray[np.int64], probabilities: NDArray[np.float64], trust: float) -> int:
    """How many labels are wrong, by cleanlab; ``trust`` as of :func:`_trust`."""
    from cleanlab.count import num_label_issues

    few, many = (
        num_label_issues(labels, probabilities, estimation_method=method)
        for method in ("off_diagonal", "off_diagonal_calibrated")
    )
    return round(few + trust * (many - few))


def _of_equal_classes(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The probabilities if there were as many images of each class (Saerens et al., 2002)."""
    balanced = probabilities / np.bincount(labels, minlength=probabilities.shape[1])
    return np.asarray(balanced / balanced.sum(axis=1, keepdims=True))


def _trust(labels: NDArray[np.int64]) -> float:
    """How much the larger of cleanlab's two counts of wrong labels weighs.

    One counts too few and the other too many; the images whose labels are least likely are taken
    for them. On photos with one label in twenty flipped and some two hundred images a class, the
    middle finds more of the flips at the same precision than cleanlab's own filters do. With sixty
    a class the classifier errs more often, and even the smaller count is enough.
    """
    usual = len(labels) / (int(labels.max()) + 1)
    return float(np.interp(usual, (50, 200), (0.0, 0.5)))


def _outliers(
    features: NDArray[np.floating], labels: NDArray[np.int64], seed: int
) -> NDArray[np.float32]:
    """From 0 at two to 1 at ten robust standard deviations above the class's usual distance.

    The distance is the mean to the five nearest images of the same class (Ramaswamy et al., 2000),
    in the principal 64 dimensions; its spread is the median absolute deviation. Of a class with
    more than ``_REFERENCE`` images, the nearest are looked for among so many of them, drawn at
    random: time grows with the number of images then, not with its square.
    """
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(seed)
    scaled = Standardised(features)
    everything = np.arange(len(labels))
    some = everything
    if len(labels) > _AXES:
        some = np.sort(rng.permutation(everything)[:_AXES])
    dimensions = min(_DIMENSIONS, len(some), features.shape[1])
    axes = PCA(dimensions, svd_solver="randomized", random_state=seed).fit(scaled[some])
    result = np.zeros(len(labels), np.float32)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        near = min(_NEIGHBOURS, len(rows) - 1)
        if near < 1:
            continue
        reduced = np.concatenate(
            [axes.transform(scaled[rows[at : at + _BLOCK]]) for at in range(0, len(rows), _BLOCK)]
        )
        among = np.arange(len(rows))
        if len(rows) > _REFERENCE:
            among = np.sort(rng.permutation(among)[:_REFERENCE])
        index = NearestNeighbors(n_neighbors=near).fit(reduced[among])
        distance = np.zeros(len(rows))
        others = np.setdiff1d(np.arange(len(rows)), among, assume_unique=True)
        if len(others):
            distance[others] = index.kneighbors(reduced[others])[0].mean(axis=1)
        # Of themselves, these aren't their own nearest.
        distance[among] = index.kneighbors()[0].mean(axis=1)
        usual = np.median(distance)
        spread = 1.4826 * np.median(np.abs(distance - usual))
        away = (distance - usual) / max(spread, 0.02 * usual, 1e-9)
        result[rows] = ((away - 2) / 8).clip(0, 1)
    return result
