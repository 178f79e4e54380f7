"""Heads: each must learn what can be learned, and admit what it can't."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.folds import folds
from core.training.heads import HEADS, kernel, reduce
from core.training.heads.choose import better, joined, judge
from core.training.heads.head import Problem, answer
from core.training.heads.reduce import reducing


def _clouds(count: int = 240, classes: int = 3, spread: float = 1.0, seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    middles = rng.normal(0, 1.5, (classes, 40))
    rows = middles[labels] + rng.normal(0, spread, (count, 40))
    return rows.astype(np.float32), labels


def _problem(rows: np.ndarray, labels: np.ndarray, **more: object) -> Problem:
    count = len(labels)
    found = folds(labels, np.arange(count), 5, 1)
    given = {"weights": np.ones(count), **more}
    return Problem(rows, labels, int(labels.max()) + 1, found, **given)


@pytest.mark.parametrize("key", HEADS)
def test_a_head_learns_and_answers_alike_on_images_that_it_has_not_seen(key):
    rows, labels = _clouds(480)
    before = reducing(rows[:240], (20, 20), seed=1)
    found = judge(_problem(before(rows[:240]), labels[:240]), key)
    answered = answer(found.steps(before), rows[240:])
    right = (answered.argmax(axis=1) == labels[240:]).mean()
    assert right > 0.9
    assert abs(found.accuracy - right) < 0.1


@pytest.mark.parametrize("key", HEADS)
def test_a_head_admits_by_its_folds_that_chance_can_not_be_learned(key):
    rows, _ = _clouds(300)
    labels = np.random.default_rng(5).integers(0, 3, 300)
    found = judge(_problem(rows, labels), key)
    assert found.accuracy < 0.45
    # As sure as it may be: guessing evenly costs the logarithm of 3.
    assert found.log_loss < np.log(3) + 0.06


@pytest.mark.parametrize("key", HEADS)
def test_a_class_of_one_image_and_a_class_without_any_do_no_harm(key):
    rows, labels = _clouds(121)
    labels[:120] = np.arange(120) % 2
    labels[120] = 3
    found = judge(_problem(rows[:121], labels), key)
    assert np.isfinite(found.probabilities).all()
    assert found.probabilities.shape == (121, 4)


def test_the_kernel_learns_what_no_line_can_tell_apart():
    rng = np.random.default_rng(3)
    turn = rng.uniform(0, 2 * np.pi, 400)
    labels = (np.floor(turn / (np.pi / 2)) % 2).astype(np.int64)
    rows = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    assert judge(_problem(rows, labels), "kernel").accuracy > 0.95
    assert judge(_problem(rows, labels), "discriminant").accuracy < 0.7


def test_answers_out_of_fold_are_those_of_a_kernel_that_was_fitted_without_the_fold():
    rows, labels = _clouds(90, spread=2.5)
    problem = _problem(rows, labels)
    judged = kernel.judge(problem)
    fold = problem.folds[0]
    kept = problem.without(fold)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    width, ridge = judged.settings["width"], judged.settings["ridge"]
    like = np.exp(2 * width * (rows[kept] @ rows[kept].T - 1))
    like[np.diag_indices(len(kept))] += ridge
    # The mean that is taken off is that of all images, here as there.
    middle = problem.targets.mean(axis=0)
    weights = np.linalg.solve(like, problem.targets[kept] - middle)
    expected = np.exp(2 * width * (rows[fold] @ rows[kept].T - 1)) @ weights + middle
    np.testing.assert_allclose(judged.scores[fold], expected, atol=1e-4)


def test_with_many_images_the_anchors_stay_few(monkeypatch):
    monkeypatch.setattr(kernel, "MOST_EXACT", 300)
    monkeypatch.setattr(kernel, "ANCHORS", 100)
    rows, labels = _clouds(900)
    found = judge(_problem(rows, labels), "kernel")
    assert found.accuracy > 0.9
    assert found.settings["anchors"] == 100
    likeness = found.judged.fit()[1]
    assert likeness.kernel.shape == (40, 100)


def test_copies_of_an_image_are_never_on_both_sides():
    labels = np.arange(60) % 3
    groups = np.arange(60) // 6
    found = folds(labels, groups, 5, 1)
    assert sorted(np.concatenate(found)) == list(range(60))
    for fold in found:
        inside = set(groups[fold])
        outside = set(groups[np.setdiff1d(np.arange(60), fold)])
        assert not inside & outside


def test_weights_make_a_rare_class_count():
    rng = np.random.default_rng(0)
    labels = (np.arange(400) >= 360).astype(np.int64)
    rows = rng.normal(0, 1, (400, 20)).astype(np.float32)
    rows[labels == 1, :3] += 0.8
    counts = np.bincount(labels)
    weights = (len(labels) / 2 / counts)[labels]
    plain = judge(_problem(rows, labels), "discriminant").probabilities.argmax(axis=1)
    fair = judge(_problem(rows, labels, weights=weights), "discriminant")
    found = fair.probabilities.argmax(axis=1)[labels == 1].mean()
    assert found > plain[labels == 1].mean() + 0.2


def test_coordinates_keep_what_differs_and_no_part_drowns_the_other():
    rng = np.random.default_rng(1)
    features = np.concatenate(
        [1000 * rng.normal(0, 1, (50, 30)), rng.normal(0, 1, (50, 10))], axis=1
    )
    step = reducing(features.astype(np.float32), (30, 10), seed=1)
    rows = step(features)
    assert rows.shape == (50, 40)
    lengths = [np.square(step.kernel[a:b]).sum() for a, b in ((0, 30), (30, 40))]
    assert lengths[1] > lengths[0]
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.square(rows).sum(axis=1).mean(), 2, rtol=1e-3)


def test_two_steps_joined_give_what_they_give_one_after_the_other():
    rows, labels = _clouds(60)
    before = reducing(rows, (40,), seed=1)
    after = judge(_problem(before(rows), labels), "kernel").judged.fit()
    np.testing.assert_allclose(
        answer(joined(before, after), rows), answer((before, *after), rows), atol=1e-3
    )


def test_what_is_right_more_often_wins_and_of_equals_the_surer_one():
    rows, labels = _clouds(200, spread=3)
    good = judge(_problem(rows, labels), "discriminant")
    bad = judge(_problem(rows, np.roll(labels, 7)), "discriminant")
    poor = judge(_problem(rows, np.random.default_rng(2).integers(0, 3, 200)), "discriminant")
    assert better(good, poor)
    assert not better(poor, good)
    assert better(bad, good) == (bad.log_loss < good.log_loss)


def test_axes_of_many_features_keep_what_all_of_the_decomposition_would(monkeypatch):
    rng = np.random.default_rng(3)
    # Each axis matters less than the one before, as with features of networks.
    mixed = rng.normal(size=(900, 600)) * np.arange(1, 601) ** -0.6
    rows = (mixed @ np.linalg.qr(rng.normal(size=(600, 600)))[0]).astype(np.float32)
    whole = reducing(rows, (400, 200), seed=1, most=60)
    monkeypatch.setattr(reduce, "_WHOLE", 100)
    within = reducing(rows, (400, 200), seed=1, most=60)
    kept, all_kept = within(rows).var(axis=0), whole(rows).var(axis=0)
    assert within.kernel.shape == whole.kernel.shape
    assert kept.sum() > 0.995 * all_kept.sum()
    np.testing.assert_allclose(kept[:20], all_kept[:20], rtol=1e-3)
    # Between coordinates there is nothing in common.
    common = np.corrcoef(within(rows).T) - np.eye(60)
    assert np.abs(common).max() < 1e-3
    assert (reducing(rows, (400, 200), seed=1, most=60).kernel == within.kernel).all()
