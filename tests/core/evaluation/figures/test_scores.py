"""Every figure is scikit-learn's or a published example's, whatever the answers are like."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluation import intervals
from core.evaluation.figures.catalogue import METRICS
from core.evaluation.figures.metric import Counts
from core.evaluation.figures.ranking import class_areas
from core.evaluation.figures.scores import scores
from core.evaluation.records import Score
from tests.core.evaluation.answered import answered, called, guessed


def of(evaluation, predictions) -> dict[str, Score]:
    areas = class_areas(predictions.true, predictions.probabilities)
    return {score.key: score for score in scores(evaluation, predictions, areas)}


def values(found: dict[str, Score]) -> dict[str, float | None]:
    return {key: score.value for key, score in found.items()}


def test_values_are_those_of_scikit_learn() -> None:
    true, p = guessed(300, 6)
    labels = range(6)
    found = values(of(*answered(true, p)))
    said = p.argmax(axis=1)
    exact = p.astype(np.float64) / p.sum(axis=1, keepdims=True, dtype=np.float64)
    expected = {
        "accuracy": sk.accuracy_score(true, said),
        "balanced_accuracy": sk.balanced_accuracy_score(true, said),
        "top_2": sk.top_k_accuracy_score(true, p, k=2),
        "top_3": sk.top_k_accuracy_score(true, p, k=3),
        "top_5": sk.top_k_accuracy_score(true, p, k=5),
        "mcc": sk.matthews_corrcoef(true, said),
        "kappa": sk.cohen_kappa_score(true, said),
        "log_loss": sk.log_loss(true, exact, labels=labels),
        "brier": sk.brier_score_loss(true, exact, labels=labels, scale_by_half=False),
        "roc_auc": sk.roc_auc_score(true, exact, multi_class="ovr", average="macro"),
        "average_precision": sk.average_precision_score(np.eye(6)[true], p, average="macro"),
    }
    for average in ("macro", "weighted"):
        three = sk.precision_recall_fscore_support(true, said, average=average)
        for name, value in zip(("precision", "recall", "f1"), three[:3], strict=True):
            expected[f"{average}_{name}"] = value
    assert set(found) == set(expected)
    assert found == pytest.approx(expected, abs=1e-5)


def test_kappa_of_a_published_example() -> None:
    """Cohen, Educational and Psychological Measurement 20 (1960), table 1, as counts of 200."""
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    true = np.repeat(np.arange(3), [sum(row) for row in table])
    said = np.concatenate([np.repeat(np.arange(3), row) for row in table])
    assert values(of(*called(true, said)))["kappa"] == pytest.approx(0.492, abs=5e-4)


def test_the_example_of_the_matthews_correlation_and_of_the_brier_score() -> None:
    """Both from scikit-learn's documentation."""
    found = values(of(*called([1, 1, 1, 0], [1, 0, 1, 1], 2)))
    assert found["mcc"] == pytest.approx(-1 / 3)
    found = values(of(*answered([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.2, 0.2, 0.6]])))
    assert found["brier"] == pytest.approx(0.146, abs=1e-3)


def test_the_interval_of_accuracy_is_wilsons() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
    true = np.zeros(263, int)
    said = np.where(np.arange(263) < 81, 0, 1)
    accuracy = of(*called(true, said))["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert accuracy.method == "Wilson"


def test_figures_of_resamples_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    tables = random.poisson(1.2, (20, 4, 4))
    tables[0, 2] = 0  # a class without images
    tables[1, :, 1] = 0  # a class that is never answered
    right = np.array([table.diagonal() for table in tables], float)
    counts = Counts(right, tables.sum(axis=2).astype(float), tables.sum(axis=1).astype(float))
    keys = (
        *("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"),
        *("weighted_precision", "weighted_f1", "mcc", "kappa"),
    )
    made = np.stack([METRICS[key].compute(counts) for key in keys], axis=1)
    for table, row in zip(tables, made, strict=True):
        true = np.repeat(np.arange(4), table.sum(axis=1))
        said = np.concatenate([np.repeat(np.arange(4), each) for each in table])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            p, r, f, _ = sk.precision_recall_fscore_support(
                true, said, labels=np.unique(true), average="macro", zero_division=0
            )
            pw, _, fw, _ = sk.precision_recall_fscore_support(
                true, said, average="weighted", zero_division=0
            )
            rest = [sk.matthews_corrcoef(true, said), sk.cohen_kappa_score(true, said)]
            balanced = sk.balanced_accuracy_score(true, said)
        assert row == pytest.approx([balanced, p, r, f, pw, fw, *rest])


def test_an_interval_narrows_with_the_images_and_holds_the_value() -> None:
    few, many = (of(*answered(*guessed(n, 4))) for n in (60, 2000))
    for key, score in many.items():
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.value <= score.high, key
        low, high = few[key].low, few[key].high
        assert low is not None
        assert score.high - score.low < high - low, key


def test_the_same_answers_give_the_same_figures() -> None:
    assert of(*answered(*guessed(100, 3))) == of(*answered(*guessed(100, 3)))


def test_top_k_is_given_only_where_there_are_more_classes() -> None:
    assert {key for key in of(*answered(*guessed(40, 4))) if key.startswith("top")} == {
        "top_2",
        "top_3",
    }
    assert not [key for key in of(*answered(*guessed(40, 2))) if key.startswith("top")]


def test_no_image_has_no_figure_and_says_why() -> None:
    found = of(*answered([], []))
    assert len(found) > 10
    assert {score.value for score in found.values()} == {None}
    assert {score.why for score in found.values()} == {"There are no test images."}


def test_one_image_has_values_but_no_bootstrap_interval() -> None:
    found = of(*called([1], [1]))
    assert found["accuracy"].value == 1
    assert found["accuracy"].low < 0.3
    assert (found["macro_f1"].low, found["macro_f1"].high) == (None, None)
    assert found["macro_f1"].method.startswith("none")


def test_images_of_one_class_leave_undefined_what_needs_two() -> None:
    found = of(*called([0] * 10, [0, 1] * 5))
    for key in ("mcc", "kappa", "roc_auc", "average_precision"):
        assert found[key].value is None
        assert "one class" in found[key].why
    assert found["accuracy"].value == 0.5


def test_a_model_of_one_class_does_not_break() -> None:
    found = of(*called([0, 0, 0], [0, 0, 0], 1))
    assert found["accuracy"].value == 1
    assert found["log_loss"].value is None


def test_every_figure_means_something_in_a_sentence() -> None:
    for score in of(*answered(*guessed(40, 7))).values():
        assert score.meaning.endswith((".", ")."))
        assert score.title[0].isupper()
        assert (score.better == "lower") == (score.key in ("log_loss", "brier"))


sizes = st.integers(2, 40)
numbers = st.integers(0, 10_000)


@settings(max_examples=10, deadline=None)
@given(classes=st.integers(2, 6), images=sizes, seed=numbers)
def test_perfect_answers_are_perfect(classes: int, images: int, seed: int) -> None:
    true = np.random.default_rng(seed).integers(0, classes, images)
    true[0], true[1] = 0, 1
    found = of(*called(true, true, classes))
    for key, score in found.items():
        if score.better == "higher":
            assert score.value == pytest.approx(1), key
    assert found["accuracy"].low < 1, "perfect, but not certain"


@settings(max_examples=10, deadline=None)
@given(classes=st.integers(2, 6), seed=numbers)
def test_constant_answers_are_worth_nothing_beyond_chance(classes: int, seed: int) -> None:
    true = np.concatenate(
        [np.arange(classes), np.random.default_rng(seed).integers(0, classes, 30)]
    )
    found = of(*called(true, [0] * len(true), classes))
    assert found["balanced_accuracy"].value == pytest.approx(1 / classes)
    assert found["kappa"].value == pytest.approx(0)
    assert found["mcc"].value == 0
    assert found["roc_auc"].value == pytest.approx(0.5)
    assert found["accuracy"].value == pytest.approx((true == 0).mean())


@settings(max_examples=10, deadline=None)
@given(classes=st.integers(3, 6), images=sizes, seed=numbers)
def test_whatever_the_answers_figures_stay_in_their_ranges(
    classes: int, images: int, seed: int
) -> None:
    """The last class is missing from the test, but is answered."""
    true, p = guessed(images, classes, skill=0.5, seed=seed)
    true = np.minimum(true, classes - 2)
    for key, score in of(*answered(true, p)).items():
        if score.value is None:
            assert score.why
            continue
        low, high = {"mcc": (-1, 1), "kappa": (-1, 1), "log_loss": (0, 20), "brier": (0, 2)}.get(
            key, (0, 1)
        )
        assert low - 1e-9 <= score.value <= high + 1e-9, key
        if score.low is not None and score.high is not None:
            assert low - 1e-9 <= score.low <= score.value <= score.high <= high + 1e-9, key


def test_random_answers_are_near_chance() -> None:
    true, p = guessed(4000, 4, skill=0.0)
    found = of(*answered(true, p))
    for key, chance in (("accuracy", 0.25), ("mcc", 0.0), ("kappa", 0.0), ("roc_auc", 0.5)):
        assert found[key].low < chance < found[key].high, key


def test_figures_are_written_with_their_units() -> None:
    found = of(*called([0] * 999 + [1], [0] * 1000, 2))
    assert found["accuracy"].written == "99.9 %"
    assert found["kappa"].written == "0.000"
    assert of(*called([0], [0], 2))["kappa"].written == "–"
    assert " to " in found["accuracy"].interval


def test_the_bootstrap_of_a_mean_is_scipys() -> None:
    """Without bias the corrected interval is the percentile one, which SciPy has."""
    from scipy.stats import bootstrap

    sample = np.random.default_rng(5).exponential(size=200)
    means = np.concatenate(
        [(sample.astype(np.float32) @ w) / 200 for w in intervals.resamples(200, 4000)]
    )
    ours = intervals.bootstrap_bounds(float(sample.mean()), means.astype(float))
    theirs = bootstrap(
        (sample,), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_a_range_of_two_ways_begins_at_nothing_where_one_of_them_does() -> None:
    found = of(*called([0, 0, 1, 1, 2], [0, 1, 0, 1, 1], 3))["balanced_accuracy"]
    assert (found.low, found.value) == (0, pytest.approx(1 / 3))
