"""The same image is found again in another run, whatever it is called there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.evaluation.comparison.flips import match
from core.evaluation.predictions import Predictions

LABELS = ["cat", "dog"]


def predictions(*rows: tuple[str, str, str, str], labels: list[str] = LABELS) -> Predictions:
    """Of rows (path, hash, label, predicted), 80 % sure each."""
    table = pd.DataFrame(rows, columns=["path", "hash", "label", "predicted"])
    true = np.array([labels.index(each) for each in table["label"]], np.int64)
    predicted = np.array([labels.index(each) for each in table["predicted"]], np.int64)
    probabilities = np.full((len(table), len(labels)), 0.2 / (len(labels) - 1), np.float32)
    probabilities[np.arange(len(table)), predicted] = 0.8
    table = table.assign(confidence=0.8, correct=true == predicted)
    return Predictions("r", "test", labels, table, true, predicted, probabilities)


def test_an_image_is_found_by_what_is_in_it() -> None:
    first = predictions(("a.png", "1", "cat", "cat"), ("b.png", "2", "dog", "cat"))
    second = predictions(("new/b.png", "2", "dog", "dog"), ("c.png", "3", "cat", "cat"))
    found = match(first, second)
    assert (len(found), found.first, found.second) == (1, 2, 2)
    assert found.table[["path", "path_second", "label"]].to_numpy().tolist() == [
        ["b.png", "new/b.png", "dog"]
    ]
    assert list(found.better["path"]) == ["b.png"]
    assert found.worse.empty


def test_another_image_at_the_same_path_is_another_image() -> None:
    assert (
        len(
            match(
                predictions(("a.png", "1", "cat", "cat")), predictions(("a.png", "2", "cat", "cat"))
            )
        )
        == 0
    )


def test_without_a_hash_the_path_decides() -> None:
    first = predictions(("a.png", "", "cat", "cat"), ("b.png", "2", "dog", "dog"))
    second = predictions(("a.png", "9", "cat", "dog"), ("b.png", "", "dog", "dog"))
    assert list(match(first, second).table["path"]) == ["a.png", "b.png"]


def test_equal_copies_each_count_once() -> None:
    first = predictions(*[(f"{n}.png", "1", "cat", "cat") for n in range(3)])
    second = predictions(("2.png", "1", "cat", "dog"), ("x.png", "1", "cat", "cat"))
    found = match(first, second).table
    assert sorted(found["path_second"]) == ["2.png", "x.png"]
    assert dict(zip(found["path"], found["path_second"], strict=True))["2.png"] == "2.png"


def test_both_are_judged_by_the_later_label() -> None:
    before = predictions(("a.png", "1", "dog", "cat"))
    after = predictions(("a.png", "1", "cat", "cat"))
    later = match(before, after)
    assert later.table["correct_first"].all()
    assert later.table["correct_second"].all()
    assert later.relabelled[["label_first", "label_second"]].to_numpy().tolist() == [["dog", "cat"]]
    earlier = match(before, after, judge_by_second=False)
    assert not earlier.table[["correct_first", "correct_second"]].to_numpy().any()


def test_a_label_that_a_model_does_not_know_is_wrong_and_costs_all() -> None:
    old = predictions(("a.png", "1", "cat", "cat"))
    new = predictions(("a.png", "1", "hen", "hen"), labels=["cat", "hen"])
    row = match(old, new).table.iloc[0]
    assert (row["correct_first"], row["correct_second"]) == (False, True)
    assert row["loss_first"] > 10 > row["loss_second"]


def test_those_that_changed_come_surest_first() -> None:
    first = predictions(*[(f"{n}.png", str(n), "cat", "dog") for n in range(3)])
    second = predictions(*[(f"{n}.png", str(n), "cat", "cat") for n in range(3)])
    second.table["confidence"] = [0.6, 0.9, 0.7]
    assert list(match(first, second).better["path"]) == ["1.png", "2.png", "0.png"]
