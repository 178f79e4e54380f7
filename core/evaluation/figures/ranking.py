"""How well probabilities put the images of a class before all others: two curves, and the areas
under them.

For one class against the rest, the area under the ROC curve is the chance that an image of the
class gets a higher probability of it than an image of another; average precision is the mean
precision over all places where one could draw the line, weighted by the recall gained there.

Curves are thinned out and kept as one table beside the evaluation, so that a page reads those of a
few classes without computing anything.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd

from core.evaluation.intervals import RESAMPLES, resamples

# Resamples × images × classes, at most (about three seconds); but never fewer than _FEWEST.
_WORK = 1_000_000_000
_FEWEST = 200
POINTS = 200
COLUMNS = ("label", "kind", "x", "y", "threshold")


def class_areas(true: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area under the ROC curve and average precision of each class against the rest.

    Args:
        true: int, shape (n,): positions of classes.
        probabilities: shape (n, classes).

    Returns:
        two of float64, shape (classes,), in [0, 1]; NaN where the test has no image of a class,
        or none of any other. Computed by scikit-learn.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    areas = np.full((2, probabilities.shape[1]), np.nan)
    for number in rankable(true, probabilities.shape[1]):
        mine = true == number
        areas[0, number] = roc_auc_score(mine, probabilities[:, number])
        areas[1, number] = average_precision_score(mine, probabilities[:, number])
    return areas[0], areas[1]


def rankable(true: np.ndarray, classes: int) -> list[int]:
    """Classes with images in the test beside those of others."""
    counts = np.bincount(true, minlength=classes)
    return [int(n) for n in np.flatnonzero((counts > 0) & (counts < len(true)))]


def resamples_for(images: int, classes: int) -> int:
    """How many resamples can be afforded."""
    return int(np.clip(_WORK // max(1, images * classes), _FEWEST, RESAMPLES))


def resampled_areas(
    true: np.ndarray,
    probabilities: np.ndarray,
    count: int = RESAMPLES,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Means of both areas over the classes, in resamples of the images.

    Sorting the images anew for each resample and class would take minutes. But an image of another
    class matters only by which images of the class it is placed between. So each image is put into
    a bin of each class once, and a resample is the sum of weights in those bins: one product of a
    sparse matrix with all resamples.

    Returns:
        float64, shape (count, 2); a class that a resample has no image of has no say there.
    """
    chosen = rankable(true, probabilities.shape[1])
    sums = np.zeros((count, 2))
    known = np.zeros(count)
    # Few classes at a time: a matrix of all would fill the memory where there are very many.
    step = max(1, 20_000_000 // max(1, len(true)))
    for start in range(0, len(chosen), step):
        some = chosen[start : start + step]
        begin = 0
        bins = [_bins(true == number, probabilities[:, number]) for number in some]
        everything, mine, offsets = _matrices(bins, [true == number for number in some])
        wide = max(1, offsets[-1] // len(true))
        for weights in resamples(len(true), count, wide, groups):
            piece = slice(begin, begin + weights.shape[1])
            begin = piece.stop
            positive = mine @ weights
            negative = everything @ weights - positive
            for low, high in pairwise(offsets):
                areas = _areas(positive[low:high], negative[low:high])
                present = np.isfinite(areas[:, 0])
                sums[piece][present] += areas[present]
                known[piece] += present
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known[:, None] > 0, sums / known[:, None], np.nan)


def _bins(mine: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The bin of each image: 2k + 1 at the k-th smallest score of the class, 2k just below it."""
    levels = np.unique(scores[mine])
    return np.searchsorted(levels, scores, "left") + np.searchsorted(levels, scores, "right")


def _matrices(bins: list[np.ndarray], mine: list[np.ndarray]) -> tuple:
    """Sparse matrices that add weights up by bin: of all images, and of those of each class.

    Returns:
        both, of shape (bins of all classes, images), and where the bins of each class begin.
    """
    from scipy.sparse import csr_array

    images = len(bins[0])
    # An even bin is there above the last odd one too, so that their number is odd.
    sizes = [int(each[own].max()) + 2 for each, own in zip(bins, mine, strict=True)]
    offsets = [0, *np.cumsum(sizes).tolist()]
    rows = np.concatenate([each + at for each, at in zip(bins, offsets, strict=False)])
    columns = np.tile(np.arange(images, dtype=np.int32), len(bins))
    own = np.concatenate(mine)
    shape = (offsets[-1], images)
    everything = csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    only = csr_array((np.ones(int(own.sum()), np.float32), (rows[own], columns[own])), shape=shape)
    return everything, only, offsets


def _areas(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Both areas of one class in each resample; bins are rows, from the lowest score up.

    Args:
        positive, negative: weights of images of the class and of others, shape (bins, resamples).

    Returns:
        float64, shape (resamples, 2); NaN where either is nowhere.
    """
    hits = positive[1::2].astype(np.float64)
    below = negative.cumsum(axis=0)[1::2].astype(np.float64)
    ties = negative[1::2]
    total, others = hits.sum(axis=0), negative.sum(axis=0, dtype=np.float64)
    found = total - hits.cumsum(axis=0) + hits
    wrong = others - below + ties
    with np.errstate(invalid="ignore", divide="ignore"):
        roc = (hits * (below - ties / 2)).sum(axis=0) / (total * others)
        precision = np.where(found > 0, found / (found + wrong), 0.0)
        average = (hits * precision).sum(axis=0) / total
    areas = np.stack((roc, average), axis=1)
    areas[~np.isfinite(roc)] = np.nan
    return areas


def class_curves(
    labels: list[str],
    true: np.ndarray,
    probabilities: np.ndarray,
    check: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """The points of all curves, computed by scikit-learn.

    Args:
        true: int, shape (n,): positions in ``labels``.
        probabilities: shape (n, classes).
        check: called between classes; may raise.

    Returns:
        columns ``label``; ``kind``: ``roc`` or ``pr``; ``x`` and ``y``, float32 in [0, 1]: false
        and true positive rate, or recall and precision; ``threshold``, float32: an image is
        called this class from this probability on (1 where it never is). At most
        :data:`POINTS` a curve, from left to right; none of classes that have no image in the
        test, or all.
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    parts = []
    for number in rankable(true, len(labels)):
        check()
        mine, given = true == number, probabilities[:, number]
        wrong, found, at = roc_curve(mine, given)
        parts.append(_part(labels[number], "roc", wrong, found, np.minimum(at, 1)))
        precision, recall, at = precision_recall_curve(mine, given)
        # Its last point, no image at all, has no threshold.
        at = np.append(at, 1.0)
        parts.append(_part(labels[number], "pr", recall[::-1], precision[::-1], at[::-1]))
    if not parts:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _part(label: str, kind: str, x: np.ndarray, y: np.ndarray, at: np.ndarray) -> pd.DataFrame:
    keep = thinned(x, y)
    return pd.DataFrame(
        {
            "label": label,
            "kind": kind,
            "x": x[keep].astype(np.float32),
            "y": y[keep].astype(np.float32),
            "threshold": at[keep].astype(np.float32),
        }
    )


def thinned(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> np.ndarray:
    """Which points of a curve to keep so that it still looks the same.

    They are spaced evenly along the curve's length, so that steep parts keep their shape.

    Returns:
        positions, int64, in order and without repetition; first and last among them.
    """
    if len(x) <= points:
        return np.arange(len(x))
    way = np.concatenate(([0.0], np.abs(np.diff(x)) + np.abs(np.diff(y)))).cumsum()
    return np.unique(np.searchsorted(way, np.linspace(0, way[-1], points)).clip(0, len(x) - 1))
