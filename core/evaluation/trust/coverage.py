"""Answering only when sure enough: how much is answered then, and how much of that is right.

Without SciPy, so that a slider answers at once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import BaseModel

from core.errors import InvalidInput
from core.evaluation.intervals import share_of, shares
from core.evaluation.predictions import Predictions
from core.evaluation.records import Share

# The thresholds to choose from: whole per cents, and finer ones where models are surest.
THRESHOLDS = (*(n / 100 for n in range(100)), 0.995, 0.999, 0.9999)
# The accuracies that somebody may want.
WANTED = (0.9, 0.95, 0.98, 0.99, 0.995)
# A threshold that leaves fewer validation images was found by chance.
FEWEST_ANSWERED = 10


class Point(BaseModel, frozen=True, extra="forbid"):
    """Answering only when at least so sure.

    Attributes:
        threshold: the least confidence, 0 to 1.
        images: all images, answered or not.
        answered: the accuracy of those that are answered, with how many these are.
        coverage: the part that is answered, 0 to 1; 0 for no images.
    """

    threshold: float
    images: int
    answered: Share
    coverage: float


class Suggestion(BaseModel, frozen=True, extra="forbid"):
    """The lowest threshold that reaches a wanted accuracy: chosen on validation images, and then
    tried on the test, which had no say in it.

    Attributes:
        wanted: accuracy, 0 to 1.
        chosen: on validation images; ``None`` where no threshold reaches it.
        tested: the same threshold on the test images.
        holds: the accuracy on the test reaches what was wanted, or its interval does not rule it
            out; ``None`` where nothing was answered.
    """

    wanted: float
    chosen: Point | None
    tested: Point | None
    holds: bool | None


def at_threshold(predictions: Predictions, threshold: float) -> Point:
    """What answering from one confidence on, 0 to 1, gives.

    Raises:
        InvalidInput: a threshold outside of 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise InvalidInput(
            f"A threshold of {threshold:g} makes no sense.",
            remedy="Give one from 0 to 1, for example 0.9 for 90 %.",
        )
    sure = answered_at(predictions, threshold)
    right = int(predictions.correct[sure].sum())
    answered = share_of(right, int(sure.sum()), predictions.worth)
    return _point(threshold, len(sure), answered)


def answered_at(predictions: Predictions, threshold: float) -> np.ndarray:
    """Which answers are at least so sure; bool, shape (n,)."""
    return np.asarray(predictions.confidence, np.float64) >= threshold


def coverage_curve(predictions: Predictions) -> list[Point]:
    """The points at all of :data:`THRESHOLDS`, in their order (El-Yaniv & Wiener, "On the
    foundations of noise-free selective classification", 2010, as accuracy instead of risk)."""
    order = np.argsort(predictions.confidence, kind="stable")
    rising = np.asarray(predictions.confidence, np.float64)[order]
    # Right answers among the k surest, for every k.
    right = np.concatenate([[0], np.cumsum(predictions.correct[order][::-1])])
    answered = len(rising) - np.searchsorted(rising, THRESHOLDS, side="left")
    found = shares(right[answered], answered, predictions.worth)
    return [
        _point(threshold, len(rising), share)
        for threshold, share in zip(THRESHOLDS, found, strict=True)
    ]


def suggest(wanted: float, validation: Predictions, test: Predictions) -> Suggestion:
    """The lowest of :data:`THRESHOLDS` that reaches an accuracy on validation images.

    At least 10 of them have to be left.

    Args:
        wanted: accuracy, 0 to 1.

    Raises:
        InvalidInput: a wanted accuracy outside of 0 to 1.
    """
    if not 0 <= wanted <= 1:
        raise InvalidInput(
            f"An accuracy of {wanted:g} makes no sense.",
            remedy="Give one from 0 to 1, for example 0.99 for 99 %.",
        )
    chosen = next(
        (
            point
            for point in coverage_curve(replace(validation, groups=None))
            if point.answered.images >= FEWEST_ANSWERED and point.answered.share >= wanted
        ),
        None,
    )
    if chosen is None:
        return Suggestion(wanted=wanted, chosen=None, tested=None, holds=None)
    tested = at_threshold(test, chosen.threshold)
    holds = tested.answered.high >= wanted if tested.answered.images else None
    return Suggestion(wanted=wanted, chosen=chosen, tested=tested, holds=holds)


def _point(threshold: float, images: int, answered: Share) -> Point:
    return Point(
        threshold=threshold,
        images=images,
        answered=answered,
        coverage=answered.images / images if images else 0.0,
    )
