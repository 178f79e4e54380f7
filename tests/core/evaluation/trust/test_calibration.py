"""Calibration against published and naive computations, and a temperature that is known
beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.trust.calibration import (
    calibrate,
    calibration_errors,
    ece_interval,
    equal_count_edges,
    fit_temperature,
    said_and_right,
    warm,
)
from core.evaluation.trust.words import sentence_of_calibration


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def drawn(images: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classes drawn from softmax(logits), and the answers of a model whose logits are
    ``temperature``
    times as large: dividing by it makes them exactly as sure as they may be."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (images, 4))
    honest = softmax(logits).astype(np.float64)
    true = (honest.cumsum(axis=1) > random.random((images, 1))).argmax(axis=1)
    return true, softmax(logits * temperature)


def naive_errors(confidence: np.ndarray, correct: np.ndarray, bins: int) -> tuple[float, float]:
    """As Guo et al. write it, one bin after the other."""
    expected, largest = 0.0, 0.0
    for m in range(1, bins + 1):
        inside = [
            n
            for n, sure in enumerate(confidence)
            if (m - 1) / bins < sure <= m / bins or (m == 1 and sure == 0)
        ]
        if inside:
            accuracy = sum(bool(correct[n]) for n in inside) / len(inside)
            mean = sum(float(confidence[n]) for n in inside) / len(inside)
            expected += len(inside) / len(confidence) * abs(accuracy - mean)
            largest = max(largest, abs(accuracy - mean))
    return expected, largest


def test_the_expected_error_is_that_of_a_published_example() -> None:
    # M. Pavlovic, "Expected calibration error (ECE): a step-by-step visual explanation" (2023):
    # nine samples, three bins, 0.23778.
    sure = np.array([0.22, 0.64, 0.92, 0.42, 0.51, 0.15, 0.70, 0.37, 0.83])
    true = np.array([0, 1, 0, 0, 0, 1, 1, 0, 1])
    assert calibration_errors(sure, (sure > 0.5) == true, bins=3)[0] == pytest.approx(
        0.23778, abs=5e-6
    )


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_the_errors_equal_a_naive_computation(bins: int) -> None:
    random = np.random.default_rng(bins)
    confidence = random.random(400) ** 0.3
    correct = random.random(400) < confidence**2
    assert calibration_errors(confidence, correct, bins) == pytest.approx(
        naive_errors(confidence, correct, bins)
    )


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it() -> None:
    # 0.2 is in (0.1, 0.2]: alone it is off by 0.2, together with 0.25 the two would be off by
    # 0.275.
    expected, largest = calibration_errors(np.array([0.2, 0.25]), np.array([False, True]), 10)
    assert (expected, largest) == pytest.approx(((0.2 + 0.75) / 2, 0.75))


def test_the_interval_of_the_error_is_around_it_and_narrows_with_more_images() -> None:
    widths = []
    for images in (200, 5000):
        true, given = drawn(images, 2.5)
        confidence, correct = given.max(axis=1), given.argmax(axis=1) == true
        low, high = ece_interval(confidence, correct)
        assert 0 < low < calibration_errors(confidence, correct)[0] < high < 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_the_error_of_an_honest_model_may_be_nothing() -> None:
    true, given = drawn(3000, 1.0)
    found = calibrate(true, given)
    assert found.ece_low < 0.01
    assert found.verdict == "fair"


@pytest.mark.parametrize(("temperature", "verdict"), [(2.0, "over"), (0.4, "under")])
def test_who_is_too_sure_and_who_is_not_sure_enough(temperature: float, verdict: str) -> None:
    true, given = drawn(1500, temperature)
    found = calibrate(true, given)
    assert found.verdict == verdict
    told = said_and_right(found)
    assert told is not None
    assert (told.confidence > told.right.share) == (verdict == "over")


def test_all_in_one_bin_differ_nowhere_most() -> None:
    true, given = drawn(46, 1.0)
    found = calibrate(true, given)
    assert len(found.equal_count) == 1
    assert "differ most" not in sentence_of_calibration(found)
    several = calibrate(*drawn(1500, 2.0))
    assert "differ most" in sentence_of_calibration(several)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_found_again_and_changes_no_answer(temperature: float) -> None:
    true, given = drawn(6000, temperature)
    found, why_not = fit_temperature(true, given)
    assert found is not None
    assert why_not == ""
    assert found.value == pytest.approx(temperature, rel=0.06)
    assert found.loss_after <= found.loss_before
    corrected = warm(given, found.value)
    assert (corrected.argmax(axis=1) == given.argmax(axis=1)).all()
    assert corrected.sum(axis=1) == pytest.approx(np.ones(6000))
    assert calibrate(true, corrected).ece < 0.03


def test_bins_hold_every_image_once() -> None:
    true, given = drawn(500, 1.5)
    found = calibrate(true, given)
    for bins in (found.equal_width, found.equal_count):
        assert sum(each.right.images for each in bins) == 500
        assert sum(each.right.correct for each in bins) == found.right.correct
        assert all(each.low <= each.confidence <= each.high for each in bins)
    assert min(each.right.images for each in found.equal_count) >= 30


def test_equal_confidences_are_never_in_two_bins() -> None:
    confidence = np.array([0.5] * 40 + [1.0] * 400)
    edges = equal_count_edges(confidence)
    assert len(edges) - 1 == 2


def test_all_right_and_all_wrong_have_no_temperature() -> None:
    given = softmax(np.tile([3.0, 0.0], (40, 1)))
    assert "right on all 40" in fit_temperature(np.zeros(40, int), given)[1]
    assert fit_temperature(np.ones(40, int), given)[0] is None
    assert calibrate(np.ones(40, int), given).verdict == "over"
    assert calibrate(np.ones(40, int), given).mce == pytest.approx(float(given.max()), abs=1e-6)


def test_without_validation_images_it_says_so() -> None:
    found, why_not = fit_temperature(np.zeros(0, int), np.zeros((0, 3), np.float32))
    assert found is None
    assert "no validation images" in why_not
    few, why_few = fit_temperature(np.zeros(5, int), softmax(np.zeros((5, 3))))
    assert few is None
    assert "only 5" in why_few


@pytest.mark.parametrize("images", [0, 1])
def test_no_image_and_one_image_are_too_few_to_judge(images: int) -> None:
    found = calibrate(np.zeros(images, int), softmax(np.zeros((images, 3))))
    assert found.verdict == "unknown"
    assert (found.ece_low, found.ece_high) == (0.0, 1.0)
    assert len(found.equal_width) == len(found.equal_count) == images
