"""The scores of a test: each metric's value with its interval.

Shares of images get Wilson's interval, all others one from resampling the test images. What
metrics have in common (the resamples) is worked out once for all of a kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from core.evaluation.figures.catalogue import METRICS
from core.evaluation.figures.metric import Areas, Counts, Metric
from core.evaluation.figures.ranking import resampled_areas, resamples_for
from core.evaluation.intervals import (
    RESAMPLES,
    bootstrap_bounds,
    resampled_counts,
    resamples,
    wilson_of,
)
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation, Score

_NO_IMAGES = "There are no test images."
_ONE_CLASS = "All test images are of one class, so there is nothing to tell apart."
_KNOWS_ONE = "The model knows one class only."

WIDER = "bootstrap, or Wilson of each class joined, whichever reaches further"


def offered(classes: int) -> list[Metric]:
    """The metrics of a model that knows so many classes, the most telling first."""
    return [each for each in METRICS.values() if classes > each.above]


def scores(
    evaluation: Evaluation, predictions: Predictions, areas: tuple[np.ndarray, np.ndarray]
) -> list[Score]:
    """All figures, the most telling first.

    Args:
        predictions: of the images that the evaluation is about.
        areas: of each class, from :func:`core.evaluation.figures.ranking.class_areas`.

    Averages over classes leave out classes without an image in the test.
    """
    metrics = offered(len(predictions.labels))
    why = {each.key: _undefined(each, predictions) for each in metrics}
    known = [each for each in metrics if not why[each.key]]
    made: dict[str, Score] = {}
    for of, work_out in (
        ("images", _of_images),
        ("costs", _of_costs),
        ("counts", partial(_of_counts, table=np.array(evaluation.confusion, np.float64))),
        ("areas", partial(_of_areas, areas=areas)),
    ):
        if some := [each for each in known if each.of == of]:
            made |= work_out(some, predictions)
    return [made.get(each.key) or _score(each, None, why=why[each.key]) for each in metrics]


def _undefined(metric: Metric, predictions: Predictions) -> str:
    """Why there is no such figure of these answers, as a sentence; "" if there is."""
    if not len(predictions):
        return _NO_IMAGES
    if metric.of == "costs" and len(predictions.labels) < 2:
        return _KNOWS_ONE
    return _ONE_CLASS if metric.apart and len(np.unique(predictions.true)) < 2 else ""


def _score(
    metric: Metric,
    value: float | None,
    bounds: tuple[float, float] | None = None,
    method: str = "",
    why: str = "",
) -> Score:
    if value is not None and bounds is None:
        method = "none: it is the same in every resample"
    low, high = bounds or (None, None)
    return Score(
        key=metric.key,
        title=metric.title,
        value=value,
        low=low,
        high=high,
        method=method,
        meaning=metric.meaning,
        better=metric.better,
        form=metric.form,
        why=why,
    )


def _of_images(metrics: Sequence[Metric], predictions: Predictions) -> Mapping[str, Score]:
    made = {}
    for metric in metrics:
        counted = metric.compute(predictions)
        interval = wilson_of(counted, predictions.groups)
        bounds = (interval.low, interval.high)
        made[metric.key] = _score(metric, float(counted.mean()), bounds, interval.method)
    return made


def _of_costs(metrics: Sequence[Metric], predictions: Predictions) -> Mapping[str, Score]:
    """Means over images of what each answer costs."""
    costs = np.stack([metric.compute(predictions) for metric in metrics])
    means = np.concatenate(
        [
            (costs.astype(np.float32) @ weights).T / len(predictions)
            for weights in resamples(len(predictions), groups=predictions.groups)
        ]
    )
    return _resampled(metrics, costs.mean(axis=1), means.astype(np.float64))


def _of_counts(
    metrics: Sequence[Metric], predictions: Predictions, table: np.ndarray
) -> Mapping[str, Score]:
    """What follows from the confusion matrix, ``table``."""

    def figures(right: np.ndarray, true: np.ndarray, called: np.ndarray) -> np.ndarray:
        counts = Counts(right, true, called)
        return np.stack([metric.compute(counts) for metric in metrics], axis=1)

    values = figures(table.diagonal()[None], table.sum(axis=1)[None], table.sum(axis=0)[None])[0]
    answers = None
    if predictions.groups is not None and len(np.unique(predictions.groups)) < len(predictions):
        answers = (predictions.true, predictions.predicted, predictions.groups)
    made = dict(_resampled(metrics, values, resampled_counts(table, figures, answers)))
    for metric, value in zip(metrics, values.tolist(), strict=True):
        if metric.bounds is not None:
            low, high = metric.bounds(table.diagonal(), table.sum(axis=1), predictions.worth)
            kept = made[metric.key]
            if kept.low is not None and kept.high is not None:
                low, high = min(low, kept.low), max(high, kept.high)
            made[metric.key] = _score(metric, value, (low, high), WIDER)
    return made


def _of_areas(
    metrics: Sequence[Metric], predictions: Predictions, areas: tuple[np.ndarray, np.ndarray]
) -> Mapping[str, Score]:
    """What follows from the areas under the curves of all classes."""
    count = resamples_for(len(predictions), len(predictions.labels))
    drawn = Areas(
        *resampled_areas(predictions.true, predictions.probabilities, count, predictions.groups).T
    )
    means = Areas(*(np.array([np.nanmean(each)]) for each in areas))
    values = np.concatenate([metric.compute(means) for metric in metrics])
    replicates = np.stack([metric.compute(drawn) for metric in metrics], axis=1)
    return _resampled(metrics, values, replicates, count)


def _resampled(
    metrics: Sequence[Metric], values: np.ndarray, replicates: np.ndarray, count: int = RESAMPLES
) -> Mapping[str, Score]:
    """Scores with bootstrap intervals; ``replicates`` float64, shape (count, metrics)."""
    made = {}
    for metric, value, column in zip(metrics, values.tolist(), replicates.T, strict=True):
        bounds = bootstrap_bounds(value, column)
        made[metric.key] = _score(metric, value, bounds, f"bootstrap, {count:,} resamples")
    return made
