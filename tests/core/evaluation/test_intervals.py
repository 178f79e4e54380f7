"""Intervals: Wilson's at once for many, and resamples that are the images drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.evaluation.intervals import (
    bootstrap_bounds,
    resampled_counts,
    resamples,
    wilson,
    wilson_bounds,
    wilson_of,
    worth,
)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.995])
def test_many_at_once_are_scipys_one_by_one(level: float) -> None:
    correct, images = np.array([0, 1, 7, 50, 99, 100]), np.array([5, 1, 10, 100, 100, 100])
    low, high = wilson_bounds(correct, images, level)
    for k, n, a, b in zip(correct, images, low, high, strict=True):
        expected = binomtest(int(k), int(n)).proportion_ci(level, method="wilson")
        assert (a, b) == pytest.approx((expected.low, expected.high))


def test_all_and_none_reach_the_end_exactly() -> None:
    assert wilson(7, 7).high == 1.0
    assert wilson(0, 7).low == 0.0
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_a_resample_has_as_many_images_as_there_are_and_repeats_itself() -> None:
    first, second = (np.concatenate(list(resamples(50, 30)), axis=1) for _ in range(2))
    assert first.shape == (50, 30)
    assert (first.sum(axis=0) == 50).all()
    assert (first == second).all()
    assert len(np.unique(first, axis=1).T) == 30


def test_resampled_counts_are_of_all_images_and_of_cells_that_exist() -> None:
    table = np.array([[8, 2, 0], [0, 5, 1], [0, 0, 0]])

    def checked(right: np.ndarray, true: np.ndarray, called: np.ndarray) -> np.ndarray:
        assert (true.sum(axis=1) == 16).all()
        assert (called.sum(axis=1) == 16).all()
        assert (right <= np.minimum(true, called)).all()
        assert (true[:, 2] == 0).all()
        return true

    drawn = resampled_counts(table, checked)
    assert drawn.shape == (1000, 3)
    assert drawn.mean(axis=0) == pytest.approx([10, 6, 0], abs=0.25)
    assert drawn[:, 0].var() == pytest.approx(16 * (10 / 16) * (6 / 16), rel=0.15)


def test_without_bias_it_is_the_percentile_interval() -> None:
    replicates = np.linspace(0, 1, 2001)
    low, high = bootstrap_bounds(0.5, replicates) or (0, 0)
    assert (low, high) == pytest.approx((0.025, 0.975), abs=1e-3)


def test_bias_is_corrected_for() -> None:
    """Efron (1981): where 69.1 % lie below the value, the quantiles are those of Φ(1 ± 1.96)."""
    replicates = np.linspace(0, 1, 10_001)
    low, high = bootstrap_bounds(0.6914625, replicates) or (0, 0)
    assert (low, high) == pytest.approx((0.1685, 0.99846), abs=1e-3)


def test_what_never_varies_has_no_interval() -> None:
    assert bootstrap_bounds(1.0, np.ones(1000)) is None
    assert bootstrap_bounds(1.0, np.append(np.ones(999), 0.0)) is None
    assert bootstrap_bounds(1.0, np.full(1000, np.nan)) is None


NUMBERS = st.integers(0, 40)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 9))
def test_copies_tell_no_more_than_one(right: list[bool], times: int) -> None:
    once = np.array(right)
    often, groups = np.repeat(once, times), np.repeat(np.arange(len(once)), times)
    found, one = wilson_of(often, groups), wilson_of(once)
    assert (found.low, found.high) == pytest.approx((one.low, one.high))
    assert found.independent in (None, pytest.approx(len(once)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), NUMBERS), min_size=1, max_size=80))
def test_groups_never_make_an_interval_narrower(images: list[tuple[bool, int]]) -> None:
    right, groups = (np.array(column) for column in zip(*images, strict=True))
    found, alone = wilson_of(right, groups), wilson_of(right)
    assert found.high - found.low >= alone.high - alone.low - 1e-9
    assert wilson_of(right, np.arange(len(right))) == alone
    assert 1 - 1e-9 <= len(right) * worth(right, groups) <= len(right)


def test_a_burst_counts_as_about_one() -> None:
    right, groups = np.array([True] * 24 + [False]), np.array([0] * 24 + [1])
    found = wilson_of(right, groups)
    assert found.independent is not None
    assert found.independent < 2
    assert found.groups == 2
    assert "2 groups" in found.method


def test_groups_of_one_resample_as_before_and_copies_as_one() -> None:
    (plain,), (alone,) = (list(resamples(30, 8, groups=g)) for g in (None, np.arange(30)))
    assert (plain == alone).all()
    (twice,) = list(resamples(60, 8, groups=np.repeat(np.arange(30), 2)))
    assert (twice[::2] == plain).all()
    assert (twice[1::2] == plain).all()


def test_ranges_of_grouped_images_hold_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(5)
    held, held_alone = 0, 0
    groups = np.repeat(np.arange(25), 8)
    for _ in range(300):
        # How often the model is right differs from person to person: 0.8 on average.
        right = random.random(200) < random.beta(1.6, 0.4, 25)[groups]
        for interval, with_groups in ((wilson_of(right, groups), True), (wilson_of(right), False)):
            inside = interval.low <= 0.8 <= interval.high
            held, held_alone = held + inside * with_groups, held_alone + inside * (not with_groups)
    assert held >= 0.93 * 300
    assert held_alone < 0.85 * 300
