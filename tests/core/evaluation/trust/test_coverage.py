"""Answering only when sure enough: thresholds are chosen on validation images and tried on the
test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import InvalidInput
from core.evaluation.intervals import wilson
from core.evaluation.predictions import Predictions
from core.evaluation.trust.coverage import THRESHOLDS, at_threshold, coverage_curve, suggest


def judged(sure: np.ndarray, right: np.ndarray) -> Predictions:
    """Answers that are so sure, and right or wrong."""
    said = np.zeros(len(sure), np.int64)
    table = pd.DataFrame(index=range(len(sure)))
    return Predictions("run", "test", ["a", "b"], table, 1 - right, said, sure[:, None])


FOUR = judged(np.array([0.99, 0.9, 0.8, 0.6], np.float32), np.array([True, True, False, True]))


def predictions(images: int, seed: int) -> Predictions:
    random = np.random.default_rng(seed)
    sure = random.random(images).astype(np.float32)
    return judged(sure, random.random(images) < sure)


def test_at_nothing_it_is_the_accuracy() -> None:
    point = at_threshold(FOUR, 0)
    assert (point.coverage, point.answered.share) == (1.0, 0.75)
    interval = wilson(3, 4)
    assert (point.answered.low, point.answered.high) == pytest.approx((interval.low, interval.high))


def test_only_what_is_at_least_so_sure_is_answered() -> None:
    point = at_threshold(FOUR, 0.85)
    assert (point.coverage, point.answered.correct, point.answered.images) == (0.5, 2, 2)
    assert at_threshold(judged(np.array([0.9]), np.array([True])), 0.9).answered.images == 1


def test_the_curve_is_every_single_point() -> None:
    some = predictions(300, 1)
    assert coverage_curve(some) == [at_threshold(some, t) for t in THRESHOLDS]


def test_the_lowest_threshold_that_reaches_it_is_chosen_on_validation_alone() -> None:
    validation, test = predictions(2000, 2), predictions(2000, 3)
    found = suggest(0.9, validation, test)
    assert found.chosen is not None
    assert found.tested is not None
    reached = [p.threshold for p in coverage_curve(validation) if p.answered.share >= 0.9]
    assert found.chosen.threshold == min(reached)
    assert found.tested == at_threshold(test, found.chosen.threshold)
    # Other test answers: the same choice, and another verdict on it.
    hopeless = judged(test.confidence, np.zeros(2000, bool))
    other = suggest(0.9, validation, hopeless)
    assert other.chosen == found.chosen
    assert (found.holds, other.holds) == (True, False)


def test_what_can_not_be_reached_is_not_suggested() -> None:
    wrong = judged(np.full(50, 0.9), np.zeros(50, bool))
    assert suggest(0.5, wrong, wrong).chosen is None


def test_a_few_lucky_validation_answers_are_no_reason() -> None:
    sure = np.concatenate([np.full(9, 0.99), np.full(91, 0.5)])
    right = np.concatenate([np.ones(9, bool), np.zeros(91, bool)])
    lucky = judged(sure, right)
    assert suggest(0.9, lucky, lucky).chosen is None


def test_no_images_answer_nothing() -> None:
    none = judged(np.zeros(0, np.float32), np.zeros(0, bool))
    assert {point.answered.images for point in coverage_curve(none)} == {0}
    assert suggest(0.9, none, none).chosen is None


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_thresholds_and_accuracies_that_make_no_sense_are_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match="makes no sense"):
        at_threshold(FOUR, value)
    with pytest.raises(InvalidInput, match="makes no sense"):
        suggest(value, FOUR, FOUR)
