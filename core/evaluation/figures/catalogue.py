"""All metrics, each in one place: what it is called and means, and the function that finds it.

Most telling first: they are shown in this order. Values equal scikit-learn's, which tests check.
"""

from __future__ import annotations

import numpy as np

from core.evaluation.figures.metric import METRICS as METRICS
from core.evaluation.figures.metric import Areas, Counts, metric
from core.evaluation.intervals import mean_of_shares
from core.evaluation.predictions import Predictions


@metric(
    "accuracy",
    "Accuracy",
    "The part of all test images that were called right.",
    "images",
    headline=True,
)
def accuracy(predictions: Predictions) -> np.ndarray:
    return predictions.correct


@metric(
    "balanced_accuracy",
    "Balanced accuracy",
    "The accuracy if every class had as many images: small classes count as much as large ones.",
    "counts",
    headline=True,
    bounds=mean_of_shares,
)
def balanced_accuracy(counts: Counts) -> np.ndarray:
    return counts.macro(counts.recall)


@metric(
    "macro_f1",
    "Macro F1",
    "The average over classes of F1, which is high only when a class is both found (recall) and "
    "not claimed wrongly (precision).",
    "counts",
    headline=True,
)
def macro_f1(counts: Counts) -> np.ndarray:
    return counts.macro(counts.f1)


@metric(
    "roc_auc",
    "ROC AUC",
    "How often an image of a class gets a higher probability of that class than an image of "
    "another, averaged over classes: 100 % is perfect, 50 % is chance.",
    "areas",
    headline=True,
    apart=True,
)
def roc_auc(areas: Areas) -> np.ndarray:
    return areas.roc


def _among_the_first(k: int, word: str) -> None:
    @metric(
        f"top_{k}",
        f"Top-{k} accuracy",
        f"The part of the images whose true class is among the {word} most likely answers.",
        "images",
        headline=True,
        above=k,
    )
    def top(predictions: Predictions) -> np.ndarray:
        likeliest = predictions.probabilities.argsort(axis=1, kind="stable")[:, ::-1][:, :k]
        return (likeliest == predictions.true[:, None]).any(axis=1)


for _k, _word in ((2, "two"), (3, "three"), (5, "five")):
    _among_the_first(_k, _word)


@metric(
    "mcc",
    "Matthews correlation",
    "How closely answers follow the truth, whatever the sizes of the classes: 1 is perfect, 0 is "
    "chance, below 0 is worse than chance.",
    "counts",
    form="number",
    apart=True,
)
def matthews(counts: Counts) -> np.ndarray:
    """Gorodkin's correlation of more than two classes (2004), as scikit-learn has it."""
    total = counts.total
    spread = (total**2 - (counts.true**2).sum(axis=1)) * (total**2 - (counts.called**2).sum(axis=1))
    above = counts.right.sum(axis=1) * total - counts.by_chance
    return np.divide(above, np.sqrt(spread), out=np.zeros(len(total)), where=spread > 0)


@metric(
    "kappa",
    "Cohen's kappa",
    "The agreement of answers and truth beyond what chance would give: 1 is full agreement, 0 is "
    "chance.",
    "counts",
    form="number",
    apart=True,
)
def kappa(counts: Counts) -> np.ndarray:
    """NaN where chance alone agrees fully."""
    expected = counts.by_chance / counts.total**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return (counts.right.sum(axis=1) / counts.total - expected) / (1 - expected)


@metric(
    "log_loss",
    "Log loss",
    "The price of misplaced confidence: 0 is perfect, and being sure of a wrong answer costs most "
    "(natural logarithm).",
    "costs",
    better="lower",
    form="number",
    headline=True,
)
def log_loss(predictions: Predictions) -> np.ndarray:
    return predictions.loss


@metric(
    "brier",
    "Brier score",
    "The squared distance of the probabilities from the truth, summed over classes, as Brier "
    "defined it: 0 is perfect, 2 is being sure and wrong each time.",
    "costs",
    better="lower",
    form="number",
)
def brier(predictions: Predictions) -> np.ndarray:
    given = predictions.probabilities.astype(np.float64)
    # Rows of float32 sum to 1 but for rounding.
    exact = given / given.sum(axis=1, keepdims=True)
    return ((exact - np.eye(len(predictions.labels))[predictions.true]) ** 2).sum(axis=1)


@metric(
    "average_precision",
    "Average precision",
    "The area under the precision-recall curve, averaged over classes: how few false alarms it "
    "takes to find all images of a class.",
    "areas",
    apart=True,
)
def average_precision(areas: Areas) -> np.ndarray:
    return areas.precision


@metric(
    "macro_precision",
    "Macro precision",
    "Of the images called a class, the part that are of it, averaged over classes.",
    "counts",
)
def macro_precision(counts: Counts) -> np.ndarray:
    return counts.macro(counts.precision)


@metric(
    "macro_recall",
    "Macro recall",
    "Of the images of a class, the part that were found, averaged over classes; the same as "
    "balanced accuracy.",
    "counts",
    bounds=mean_of_shares,
)
def macro_recall(counts: Counts) -> np.ndarray:
    return counts.macro(counts.recall)


@metric(
    "weighted_precision",
    "Weighted precision",
    "Precision averaged over classes, large classes counting more.",
    "counts",
)
def weighted_precision(counts: Counts) -> np.ndarray:
    return counts.weighted(counts.precision)


@metric(
    "weighted_recall",
    "Weighted recall",
    "Recall averaged over classes, large classes counting more; the same as accuracy.",
    "images",
)
def weighted_recall(predictions: Predictions) -> np.ndarray:
    return predictions.correct


@metric(
    "weighted_f1", "Weighted F1", "F1 averaged over classes, large classes counting more.", "counts"
)
def weighted_f1(counts: Counts) -> np.ndarray:
    return counts.weighted(counts.f1)
