"""Which answers are shown, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import InvalidInput
from core.evaluation.mistakes import row_of, select, top
from core.evaluation.predictions import Predictions

LABELS = ["cat", "dog", "owl"]
GIVEN = [
    ("cat", [0.7, 0.2, 0.1]),
    ("cat", [0.1, 0.6, 0.3]),
    ("dog", [0.9, 0.08, 0.02]),
    ("dog", [0.3, 0.4, 0.3]),
    ("owl", [0.1, 0.9, 0.0]),
    ("owl", [0.5, 0.1, 0.4]),
]


@pytest.fixture
def predictions() -> Predictions:
    true = np.array([LABELS.index(label) for label, _ in GIVEN])
    probabilities = np.array([given for _, given in GIVEN], np.float32)
    predicted = probabilities.argmax(axis=1)
    table = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(len(GIVEN))],
            "label": [LABELS[n] for n in true],
            "predicted": [LABELS[n] for n in predicted],
            "confidence": probabilities.max(axis=1),
            "correct": true == predicted,
            "hash": "",
        }
    )
    return Predictions("run", "test", LABELS, table, true, predicted, probabilities)


def test_mistakes_come_with_the_surest_first(predictions: Predictions) -> None:
    assert select(predictions).tolist() == [2, 4, 1, 5]


def test_right_answers_come_with_the_most_doubtful_first(predictions: Predictions) -> None:
    assert select(predictions, "right").tolist() == [3, 0]


def test_all_by_loss(predictions: Predictions) -> None:
    # By the true class's probability: 0, 0.08, 0.1, 0.4 (dog) and 0.4 (owl), 0.7.
    assert select(predictions, "all", order="loss").tolist() == [4, 2, 1, 3, 5, 0]


def test_by_classes(predictions: Predictions) -> None:
    assert select(predictions, "all", true="owl").tolist() == [4, 5]
    assert select(predictions, predicted="dog", order="doubt").tolist() == [1, 4]
    assert select(predictions, true="owl", predicted="cat").tolist() == [5]
    assert select(predictions, "right", true="owl").tolist() == []


def test_an_unknown_class_is_refused_with_those_that_are_known(predictions: Predictions) -> None:
    with pytest.raises(InvalidInput, match=r"no class “fox”.*“cat”, “dog”, “owl”"):
        select(predictions, true="fox")


@pytest.mark.parametrize("wish", [{"which": "some"}, {"order": "name"}])
def test_other_wishes_are_defects(predictions: Predictions, wish: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        select(predictions, **wish)  # type: ignore[arg-type]


def test_the_top_always_has_what_it_is(predictions: Predictions) -> None:
    assert [label for label, _ in top(predictions, 0, 2)] == ["cat", "dog"]
    assert [label for label, _ in top(predictions, 4, 1)] == ["dog", "owl"]
    assert top(predictions, 4, 1)[1][1] == 0


def test_an_image_is_found_by_its_path(predictions: Predictions) -> None:
    assert row_of(predictions, "4.png") == 4
    assert row_of(predictions, "9.png") is None
