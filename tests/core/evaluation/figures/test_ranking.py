"""Areas under curves: scikit-learn's, also in every resample; and curves that keep their shape."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from core.evaluation.figures.ranking import (
    POINTS,
    class_areas,
    class_curves,
    resampled_areas,
    thinned,
)
from core.evaluation.intervals import resamples
from tests.core.evaluation.answered import guessed


def test_areas_are_those_of_each_class_against_the_rest() -> None:
    true, p = guessed(200, 4)
    roc, average = class_areas(true, p)
    for n in range(4):
        assert roc[n] == pytest.approx(sk.roc_auc_score(true == n, p[:, n]))
        assert average[n] == pytest.approx(sk.average_precision_score(true == n, p[:, n]))


def test_classes_without_images_have_no_area() -> None:
    true, p = guessed(50, 3)
    roc, average = class_areas(np.minimum(true, 1), p)
    assert np.isnan([roc[2], average[2]]).all()
    assert np.isfinite(roc[:2]).all()
    assert np.isnan(class_areas(np.zeros(5, int), p[:5])[0]).all()


@pytest.mark.parametrize("digits", [1, 6])
def test_areas_of_resamples_are_scikit_learns_with_weights(digits: int) -> None:
    """Rounded to one digit, most probabilities are ties."""
    true, p = guessed(40, 3, skill=1.0)
    p = p.round(digits)
    weights = np.concatenate(list(resamples(40, 12)), axis=1)
    found = resampled_areas(true, p, 12)
    for weight, row in zip(weights.T, found, strict=True):
        present = [n for n in range(3) if weight[true == n].any()]
        expected = [
            np.mean([score(true == n, p[:, n], sample_weight=weight) for n in present])
            for score in (sk.roc_auc_score, sk.average_precision_score)
        ]
        assert row == pytest.approx(expected)


def test_a_resample_without_any_image_of_a_class_leaves_it_out() -> None:
    true = np.array([0] * 30 + [1])
    p = np.column_stack((np.linspace(1, 0, 31), np.linspace(0, 1, 31)))
    found = resampled_areas(true, p, 60)
    weights = np.concatenate(list(resamples(31, 60)), axis=1)
    without = weights[30] == 0
    assert without.any()
    assert np.isnan(found[without]).all()
    assert found[~without] == pytest.approx(1.0)


def test_curves_have_the_areas_that_they_are_said_to_have() -> None:
    true, p = guessed(3000, 3, skill=1.0)
    labels = ["a", "b", "c"]
    curves = class_curves(labels, true, p)
    roc, _ = class_areas(true, p)
    for n, label in enumerate(labels):
        own = curves[(curves["label"] == label) & (curves["kind"] == "roc")]
        assert len(own) <= POINTS
        assert own["x"].is_monotonic_increasing
        assert (own["x"].iloc[0], own["y"].iloc[-1]) == (0, 1)
        assert sk.auc(own["x"], own["y"]) == pytest.approx(roc[n], abs=0.003)
        own = curves[(curves["label"] == label) & (curves["kind"] == "pr")]
        assert len(own) <= POINTS
        assert own["x"].is_monotonic_increasing
        assert own["threshold"].between(0, 1).all()


def test_classes_without_images_have_no_curve() -> None:
    true, p = guessed(50, 3)
    assert set(class_curves(["a", "b", "c"], np.minimum(true, 1), p)["label"]) == {"a", "b"}
    empty = class_curves(["a"], np.zeros(3, int), np.ones((3, 1)))
    assert empty.empty
    assert "label" in empty


def test_few_points_are_all_kept_and_ends_always() -> None:
    assert thinned(np.arange(5.0), np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]
    x = np.concatenate((np.zeros(1000), np.linspace(0, 1, 1000)))
    y = np.concatenate((np.linspace(0, 1, 1000), np.ones(1000)))
    kept = thinned(x, y)
    assert (kept[0], kept[-1]) == (0, 1999)
    assert len(kept) <= POINTS
    assert np.abs(np.diff(y[kept])).max() < 0.02, "the steep part keeps its points"
