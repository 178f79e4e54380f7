"""Beating the model: which photos are drawn, and what is said of the scores."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from core.evaluation.contest import Round, draw, told


def test_as_many_photos_of_each_class_are_drawn_as_there_can_be() -> None:
    labels = ["apple"] * 40 + ["banana"] * 6 + ["orange"] * 2 + ["pear"] * 6
    table = pd.DataFrame({"path": map(str, range(54)), "label": labels, "predicted": labels})
    for seed in range(5):
        drawn = draw(table, seed)
        assert drawn == draw(table, seed)
        assert len({each.path for each in drawn}) == 10
        assert sorted(Counter(each.label for each in drawn).values()) == [2, 2, 3, 3]
    assert {each.label for each in draw(table, 0)[:5]} != {draw(table, 0)[0].label}
    assert len(draw(table[:3], 0)) == 3


@pytest.mark.parametrize(
    ("mine", "sentence"),
    [
        (2, "The model won: a difference that chance alone seldom makes."),
        (8, "The model won. With 10 photos, such a difference may be chance."),
        (10, "A draw."),
    ],
)
def test_only_a_small_difference_is_called_chance(mine: int, sentence: str) -> None:
    rounds = [Round(str(n), "apple", "apple") for n in range(10)]
    assert told(rounds, ["apple"] * mine + ["pear"] * (10 - mine)) == sentence
