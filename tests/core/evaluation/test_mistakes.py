"""Which answers are shown, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import InvalidInput
from core.evaluation.answers import Answers
from core.evaluation.mistakes import row_of, select, top

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
def answers() -> Answers:
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
    return Answers("run", "test", LABELS, table, true, predicted, probabilities)


def test_mistakes_come_with_the_surest_first(answers: Answers) -> None:
    assert select(answers).tolist() == [2, 4, 1, 5]


def test_right_answers_come_with_the_most_doubtful_first(answers: Answers) -> None:
    assert select(answers, "right").tolist() == [3, 0]


def test_all_by_loss(answers: Answers) -> None:
    # By the true class's probability: 0, 0.08, 0.1, 0.4 (dog) and 0.4 (owl), 0.7.
    assert select(answers, "all", order="loss").tolist() == [4, 2, 1, 3, 5, 0]


def test_by_classes(answers: Answers) -> None:
    assert select(answers, "all", true="owl").tolist() == [4, 5]
    assert select(answers, predicted="dog", order="doubt").tolist() == [1, 4]
    assert select(answers, true="owl", predicted="cat").tolist() == [5]
    assert select(answers, "right", true="owl").tolist() == []


def test_an_unknown_class_is_refused_with_those_that_are_known(answers: Answers) -> None:
    with pytest.raises(InvalidInput, match=r"no class “fox”.*“cat”, “dog”, “owl”"):
        select(answers, true="fox")


@pytest.mark.parametrize("wish", [{"which": "some"}, {"order": "name"}])
def test_other_wishes_are_defects(answers: Answers, wish: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        select(answers, **wish)  # type: ignore[arg-type]


def test_the_top_always_has_what_it_is(answers: Answers) -> None:
    assert [label for label, _ in top(answers, 0, 2)] == ["cat", "dog"]
    assert [label for label, _ in top(answers, 4, 1)] == ["dog", "owl"]
    assert top(answers, 4, 1)[1][1] == 0


def test_an_image_is_found_by_its_path(answers: Answers) -> None:
    assert row_of(answers, "4.png") == 4
    assert row_of(answers, "9.png") is None
