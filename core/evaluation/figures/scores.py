"""The figures about a test as a whole: each with its interval, and what it means in a sentence.

Values are scikit-learn's. Proportions of images get Wilson's interval, all others one from
resampling the test images.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from core.evaluation.figures.ranking import resampled_areas, resamples_for
from core.evaluation.figures.score_meanings import ABOUT
from core.evaluation.intervals import (
    RESAMPLES,
    bootstrap_bounds,
    resampled_counts,
    resamples,
    wilson,
)
from core.evaluation.predictions import SMALLEST, Predictions
from core.evaluation.records import Evaluation, Score

_TOP = (2, 3, 5)
_NO_IMAGES = "There are no test images."
_ONE_CLASS = "All test images are of one class, so there is nothing to tell apart."


def scores(
    evaluation: Evaluation, predictions: Predictions, areas: tuple[np.ndarray, np.ndarray]
) -> list[Score]:
    """All figures, the most telling first.

    Args:
        predictions: of the images that the evaluation is about.
        areas: of each class, from :func:`core.evaluation.figures.ranking.class_areas`.

    Averages over classes leave out classes without an image in the test.
    """
    if not len(predictions):
        return [
            _score(key, None, why=_NO_IMAGES)
            for key in ABOUT
            if not key.startswith("top_") or _offered(key, len(predictions.labels))
        ]
    made = {
        **_from_confusion(evaluation, predictions),
        **_proportions(predictions),
        **_from_probabilities(predictions),
        **_from_ranking(predictions, areas),
    }
    return [made[key] for key in ABOUT if key in made]


def _score(
    key: str,
    value: float | None,
    bounds: tuple[float, float] | None = None,
    method: str = "",
    why: str = "",
) -> Score:
    title, meaning, better, form = ABOUT[key]
    if value is not None and bounds is None:
        method = "none: it is the same in every resample"
    low, high = bounds or (None, None)
    return Score(
        key=key,
        title=title,
        value=value,
        low=low,
        high=high,
        method=method if not why else "",
        meaning=meaning,
        better=better,
        form=form,
        why=why,
    )


def _bootstrap(resampled: int = RESAMPLES) -> str:
    return f"bootstrap, {resampled:,} resamples"


def _offered(key: str, classes: int) -> bool:
    """Whether the true class being among the first k says anything: only with more classes."""
    return int(key.removeprefix("top_")) < classes


def _proportions(predictions: Predictions) -> dict[str, Score]:
    """Accuracy and top-k: parts of all images."""
    from sklearn.metrics import accuracy_score, top_k_accuracy_score

    positions = np.arange(len(predictions.labels))
    accuracy = float(accuracy_score(predictions.true, predictions.predicted))
    # Recall weighted by the sizes of classes is accuracy under another name.
    shares = {"accuracy": accuracy, "weighted_recall": accuracy}
    for k in _TOP:
        if k < len(predictions.labels):
            shares[f"top_{k}"] = float(
                top_k_accuracy_score(
                    predictions.true, predictions.probabilities, k=k, labels=positions
                )
            )
    made = {}
    for key, share in shares.items():
        interval = wilson(round(share * len(predictions)), len(predictions))
        made[key] = _score(key, share, (interval.low, interval.high), "Wilson")
    return made


# In the order of the columns that _figures makes.
_CONFUSED = (
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_f1",
    "mcc",
    "kappa",
)


def _from_confusion(evaluation: Evaluation, predictions: Predictions) -> dict[str, Score]:
    """What follows from the confusion matrix."""
    from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, matthews_corrcoef

    macro, weighted = evaluation.macro, evaluation.weighted
    with warnings.catch_warnings():
        # Answers of classes that the test lacks are expected; so is a single class.
        warnings.simplefilter("ignore")
        balanced = float(balanced_accuracy_score(predictions.true, predictions.predicted))
        kappa = float(cohen_kappa_score(predictions.true, predictions.predicted))
        mcc = float(matthews_corrcoef(predictions.true, predictions.predicted))
    values: dict[str, float | None] = dict(
        zip(
            _CONFUSED,
            (
                balanced,
                macro.precision,
                macro.recall,
                macro.f1,
                weighted.precision,
                weighted.f1,
                mcc,
                kappa,
            ),
            strict=True,
        )
    )
    why: Mapping[str, str] = {}
    if len(np.unique(predictions.true)) < 2:
        values |= {"mcc": None, "kappa": None}
        why = {"mcc": _ONE_CLASS, "kappa": _ONE_CLASS}
    replicates = resampled_counts(np.array(evaluation.confusion), _figures)
    made = {}
    for column, key in enumerate(_CONFUSED):
        value = values[key]
        bounds = None if value is None else bootstrap_bounds(value, replicates[:, column])
        made[key] = _score(key, value, bounds, _bootstrap(), why.get(key, ""))
    return made


def _figures(right: np.ndarray, true: np.ndarray, called: np.ndarray) -> np.ndarray:
    """What scikit-learn computes one by one, for many confusion matrices at once.

    Args:
        right, true, called: right answers, images and answers by class, shape (m, classes).

    Returns:
        float64, shape (m, 8), columns as in ``_CONFUSED``; NaN where one isn't defined.
    """
    total = true.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(true > 0, right / true, 0.0)
        precision = np.where(called > 0, right / called, 0.0)
        f1 = np.where(true + called > 0, 2 * right / (true + called), 0.0)
        tested = (true > 0) / (true > 0).sum(axis=1, keepdims=True)
        share = true / total[:, None]
        hits, by_chance = right.sum(axis=1), (true * called).sum(axis=1)
        # Gorodkin's correlation of more than two classes (2004), as scikit-learn has it.
        spread = (total**2 - (true**2).sum(axis=1)) * (total**2 - (called**2).sum(axis=1))
        mcc = np.where(spread > 0, (hits * total - by_chance) / np.sqrt(spread), 0.0)
        expected = by_chance / total**2
        kappa = (hits / total - expected) / (1 - expected)
    macro = [(each * tested).sum(axis=1) for each in (precision, recall, f1)]
    weighted = [(each * share).sum(axis=1) for each in (precision, f1)]
    return np.stack([macro[1], *macro, *weighted, mcc, kappa], axis=1)


def _from_probabilities(predictions: Predictions) -> dict[str, Score]:
    """Means over images of what each answer costs, given how sure it was."""
    from sklearn.metrics import brier_score_loss, log_loss

    positions = np.arange(len(predictions.labels))
    given = predictions.probabilities.astype(np.float64)
    if len(positions) < 2:
        why = "The model knows one class only."
        return {key: _score(key, None, why=why) for key in ("log_loss", "brier")}
    with warnings.catch_warnings():
        # Rows of float32 sum to 1 but for rounding, and clipping adds a little.
        warnings.simplefilter("ignore")
        clipped = np.maximum(given, SMALLEST)
        loss = float(log_loss(predictions.true, clipped, labels=positions))
        exact = given / given.sum(axis=1, keepdims=True)
        brier = float(
            brier_score_loss(predictions.true, exact, labels=positions, scale_by_half=False)
        )
    squares = ((exact - np.eye(len(positions))[predictions.true]) ** 2).sum(axis=1)
    costs = np.stack((predictions.loss, squares)).astype(np.float32)
    means = np.concatenate(
        [(costs @ weights).T / len(predictions) for weights in resamples(len(predictions))]
    ).astype(np.float64)
    return {
        "log_loss": _score("log_loss", loss, bootstrap_bounds(loss, means[:, 0]), _bootstrap()),
        "brier": _score("brier", brier, bootstrap_bounds(brier, means[:, 1]), _bootstrap()),
    }


def _from_ranking(
    predictions: Predictions, areas: tuple[np.ndarray, np.ndarray]
) -> dict[str, Score]:
    """Mean areas under the curves of all classes."""
    keys = ("roc_auc", "average_precision")
    if not np.isfinite(areas[0]).any():
        return {key: _score(key, None, why=_ONE_CLASS) for key in keys}
    count = resamples_for(len(predictions), len(predictions.labels))
    replicates = resampled_areas(predictions.true, predictions.probabilities, count)
    made = {}
    for column, key in enumerate(keys):
        value = float(np.nanmean(areas[column]))
        bounds = bootstrap_bounds(value, replicates[:, column])
        made[key] = _score(key, value, bounds, _bootstrap(count))
    return made
