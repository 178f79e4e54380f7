"""ROC and precision-recall curves of each class against all others, thinned out for keeping.

They are kept as one table beside the evaluation, so that a page reads the curves of a few classes
without computing anything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.evaluation.figures.ranking import rankable

POINTS = 200
COLUMNS = ("label", "kind", "x", "y", "threshold")


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
