"""Figures against scikit-learn, published examples, and answers that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix

from core.evaluation.intervals import wilson
from core.evaluation.metrics import evaluate

LABELS = ["a", "b", "c"]


def found(true: list[int], predicted: list[int], labels: list[str] = LABELS):
    return evaluate("run", "test", labels, np.array(true, int), np.array(predicted, int))


@pytest.mark.parametrize(
    ("correct", "images", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3 (Wilson).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(correct: int, images: int, low: float, high: float) -> None:
    interval = wilson(correct, images)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)
    assert (interval.method, interval.level) == ("Wilson", 0.95)


def test_the_interval_of_no_images_says_that_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_a_perfect_score_on_few_images_is_not_certain() -> None:
    assert wilson(5, 5).low < 0.6
    assert wilson(5, 5).high == 1.0


def test_everything_equals_scikit_learn_on_random_answers() -> None:
    rng = np.random.default_rng(3)
    true, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    result = found(true.tolist(), predicted.tolist())
    expected = classification_report(true, predicted, target_names=LABELS, output_dict=True)
    assert result.accuracy == accuracy_score(true, predicted)
    assert result.confusion == confusion_matrix(true, predicted).tolist()
    for row in result.report:
        ours = [row.precision, row.recall, row.f1, row.support]
        theirs = expected[row.label]
        assert ours == pytest.approx(
            [theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"]]
        )
    for ours, name in ((result.macro, "macro avg"), (result.weighted, "weighted avg")):
        theirs = expected[name]
        assert [ours.precision, ours.recall, ours.f1, ours.support] == pytest.approx(
            [theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"]]
        )


def test_rows_of_the_confusion_are_true_classes() -> None:
    result = found([0, 0, 1], [2, 2, 1])
    assert result.confusion == [[0, 0, 2], [0, 1, 0], [0, 0, 0]]


def test_perfect_answers() -> None:
    result = found([0, 1, 2, 2], [0, 1, 2, 2])
    assert (result.accuracy, result.correct, result.macro.f1) == (1.0, 4, 1.0)
    assert (result.baseline, result.baseline_label) == (0.5, "c")


def test_constant_answers_score_no_better_than_the_baseline() -> None:
    result = found([0, 0, 0, 1, 2], [0] * 5)
    assert result.accuracy == result.baseline == 0.6
    assert result.baseline_label == "a"
    assert [row.precision for row in result.report] == [0.6, 0.0, 0.0]


def test_a_class_missing_from_the_test_has_no_say_in_the_averages() -> None:
    result = found([0, 0, 1], [0, 0, 1])
    assert result.report[2].support == 0
    assert result.macro.recall == 1.0, "a class that was not tested is not a class that failed"
    assert [len(row) for row in result.confusion] == [3, 3, 3]


def test_answers_of_a_class_that_the_test_lacks_count_as_wrong() -> None:
    result = found([0, 0, 1], [0, 2, 1])
    assert result.correct == 2
    assert result.confusion[0][2] == 1


def test_one_class_only() -> None:
    result = found([0, 0], [0, 0], ["only"])
    assert (result.accuracy, result.baseline, result.confusion) == (1.0, 1.0, [[2]])


def test_no_images_give_no_score_and_the_widest_interval() -> None:
    result = found([], [])
    assert (result.images, result.accuracy, result.baseline) == (0, 0.0, 0.0)
    assert (result.interval.low, result.interval.high) == (0.0, 1.0)
    assert result.confusion == [[0] * 3] * 3


@pytest.mark.parametrize(
    ("true", "predicted"), [([0, 1], [0]), ([0, 3], [0, 1]), ([0, 1], [-1, 1])]
)
def test_answers_that_make_no_sense_are_refused(true: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError):
        found(true, predicted)
