"""Evaluations survive the disk, can't be changed, and name what is mixed up."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest

from core.evaluation.metrics import evaluate
from core.evaluation.records import Evaluation, worst_confusions


def made(true: list[int], predicted: list[int]) -> Evaluation:
    return evaluate(
        "run",
        "test",
        ["a", "“b” <script>", "ü😀"],
        np.array(true, int),
        np.array(predicted, int),
        left_out=[("x.png", "It is gone.")],
    )


def test_an_evaluation_survives_json() -> None:
    before = made([0, 1, 2, 2], [0, 1, 1, 2])
    assert Evaluation.model_validate_json(before.model_dump_json()) == before


def test_an_evaluation_can_not_be_changed() -> None:
    with pytest.raises(pydantic.ValidationError):
        made([0], [0]).accuracy = 1.0  # type: ignore[misc]


def test_an_unknown_field_is_refused() -> None:
    data = made([0], [0]).model_dump()
    with pytest.raises(pydantic.ValidationError):
        Evaluation.model_validate({**data, "accurcay": 1.0})


def test_the_worst_confusion_comes_first_and_right_answers_are_none() -> None:
    pairs = worst_confusions(made([0, 0, 0, 1, 2, 2, 2], [0, 1, 1, 1, 0, 2, 2]))
    assert [(p.true, p.predicted, p.count, p.support) for p in pairs] == [
        ("a", "“b” <script>", 2, 3),
        ("ü😀", "a", 1, 3),
    ]


def test_perfect_answers_have_no_confusions() -> None:
    assert worst_confusions(made([0, 1, 2], [0, 1, 2])) == []
