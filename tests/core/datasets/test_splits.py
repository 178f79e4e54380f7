"""Splits are stratified, the same on every machine, and never tear copies apart."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from core.datasets.splits import (
    Shares,
    copies_of_training,
    given_splits,
    plan_splits,
    split_counts,
    split_warnings,
)


def table_of(counts: dict[str, int], split: str = "") -> pd.DataFrame:
    rows = [
        (f"{label}/{number}.jpg", label, split, f"{label}-{number}")
        for label, count in counts.items()
        for number in range(count)
    ]
    return pd.DataFrame(rows, columns=["path", "label", "split", "group"])


def plan(table: pd.DataFrame, seed: int = 0, **shares: float) -> pd.Series:
    return plan_splits(table, shares=Shares(**shares), seed=seed)


def test_shares_must_add_up() -> None:
    with pytest.raises(ValidationError, match=r"add up to 1\.10"):
        Shares(train=0.8, validation=0.15, test=0.15)


def test_every_class_is_divided_in_the_same_shares() -> None:
    table = table_of({"cat": 100, "dog": 40})
    counts = split_counts(table["label"], plan(table))
    assert counts.loc["cat"].tolist() == [70, 15, 15]
    assert counts.loc["dog"].tolist() == [28, 6, 6]


def test_the_same_seed_gives_the_same_split_in_any_order_of_rows() -> None:
    table = table_of({"cat": 30, "dog": 20})
    first = plan(table)
    shuffled = table.sample(frac=1, random_state=1)
    assert plan(shuffled).sort_index().tolist() == first.tolist()
    assert plan(table, seed=1).tolist() != first.tolist()


def test_a_new_class_leaves_the_others_as_they_were() -> None:
    table = table_of({"cat": 30, "dog": 20})
    more = table_of({"cat": 30, "dog": 20, "owl": 9})
    assert plan(more).tolist()[:50] == plan(table).tolist()


def test_the_largest_group_of_a_class_is_trained_on_and_shares_stay_near_what_was_asked() -> None:
    table = table_of({"glass": 36, "paper": 36})
    burst = [f"{label}-burst" if n % 36 < 24 else f"{label}-{n}" for n, label in label_rows(table)]
    table["group"] = burst
    for seed in range(30):
        splits = plan(table, seed=seed)
        assert set(splits[table["group"].str.endswith("burst")]) == {"train"}
        for label in ("glass", "paper"):
            counts = splits[table["label"] == label].value_counts()
            assert 3 <= counts["test"] <= 6, (seed, counts)
            assert 3 <= counts["validation"] <= 6, (seed, counts)


def test_pairs_and_triples_leave_the_shares_near_what_was_asked() -> None:
    table = table_of({"cat": 90})
    table["group"] = [f"{n // 3}" if n < 45 else f"{n // 2}x" for n in range(90)]
    for seed in range(20):
        counts = plan(table, seed=seed).value_counts()
        assert abs(counts["test"] - 13.5) <= 3, counts
        assert abs(counts["validation"] - 13.5) <= 3, counts


def test_a_class_that_is_one_burst_is_cut_in_order_and_said_to_be() -> None:
    table = table_of({"cat": 30, "dog": 30})
    table["group"] = table["label"]
    splits = plan(table)
    for label in ("cat", "dog"):
        own = splits[table["label"] == label].tolist()
        assert own == sorted(own, key=["train", "validation", "test"].index)
        assert abs(own.count("test") - 4.5) < 1
    said = split_warnings(table, splits)
    assert len(said) == 2
    assert "near-copies of one another" in said[0]
    apart = table_of({"cat": 30, "dog": 30})
    assert not any("near-copies" in text for text in split_warnings(apart, splits))


def test_a_class_that_the_test_folder_lacks_is_said_to_be_missing_there() -> None:
    table = pd.concat(
        [table_of({"cat": 15, "dog": 15}, "train"), table_of({"dog": 6}, "test")],
        ignore_index=True,
    )
    table["path"] = [str(n) for n in range(len(table))]
    table["group"] = table["path"]
    said = split_warnings(table, plan(table))
    assert said[0].startswith("“cat” is missing from the test folder")


def label_rows(table: pd.DataFrame) -> list[tuple[int, str]]:
    return list(enumerate(table["label"]))


def test_copies_stay_together() -> None:
    table = table_of({"cat": 60, "dog": 60})
    table["group"] = [f"{label}-{n % 60 // 3}" for n, label in enumerate(table["label"])]
    splits = plan(table)
    assert (splits.groupby(table["group"]).nunique() == 1).all()
    assert split_counts(table["label"], splits).loc["cat"].tolist() == [42, 9, 9]


def test_copies_with_two_labels_stay_together_too() -> None:
    table = table_of({"cat": 10, "dog": 10})
    table.loc[[0, 10], "group"] = "both"
    splits = plan(table)
    assert splits[0] == splits[10]
    assert set(splits) == {"train", "validation", "test"}


@pytest.mark.parametrize(
    ("images", "wanted"), [(1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1]), (4, [2, 1, 1])]
)
def test_small_classes_are_trained_on_first_and_tested_next(images: int, wanted: list[int]) -> None:
    table = table_of({"cat": images})
    assert split_counts(table["label"], plan(table)).loc["cat"].tolist() == wanted


def test_a_split_without_a_share_stays_empty() -> None:
    table = table_of({"cat": 10})
    assert set(plan(table, train=0.8, validation=0.2, test=0)) == {"train", "validation"}


def test_splits_that_came_with_the_folder_are_kept() -> None:
    table = pd.concat(
        [
            table_of({"cat": 8}, "train"),
            table_of({"cat": 2}, "validation"),
            table_of({"cat": 3}, "test"),
        ],
        ignore_index=True,
    )
    assert plan(table).tolist() == table["split"].tolist()


def test_a_missing_split_is_carved_from_the_training_images_only() -> None:
    table = pd.concat(
        [table_of({"cat": 80}, "train"), table_of({"dog": 20}, "test")], ignore_index=True
    )
    splits = plan(table)
    assert (splits[80:] == "test").all()
    counts = splits[:80].value_counts()
    assert "test" not in counts
    assert counts["validation"] == pytest.approx(80 * 0.15 / 0.85, abs=1)


def test_classes_that_can_not_be_judged_are_named() -> None:
    table = table_of({"one": 1, "few": 12, "many": 100})
    said = split_warnings(table, plan(table))
    assert len(said) == 2
    assert "“one” has only 1 image," in next(s for s in said if "one" in s)
    assert "judged on 2 test images only" in next(s for s in said if "few" in s)
    only_tested = split_warnings(pd.DataFrame({"label": ["owl"] * 9}), pd.Series(["test"] * 9))
    assert "can't learn it" in only_tested[0]


def test_too_few_in_any_part_is_said_the_gravest_first() -> None:
    labels = pd.Series(["cat"] * 30 + ["dog"] * 10)
    uneven = ["train"] * 18 + ["validation"] * 6 + ["test"] * 6
    few = pd.Series([*uneven, *["train"] * 4, *["test"] * 6])
    assert split_warnings(labels.to_frame("label"), few) == [
        "“dog” will be learned from 4 training images only."
    ]
    none = pd.Series([*uneven, *["train"] * 5, *["test"] * 5])
    assert split_warnings(labels.to_frame("label"), none) == [
        "“dog” has no validation images: it has no say in the best epoch."
    ]
    nowhere = none.replace("validation", "train")
    assert split_warnings(labels.to_frame("label"), nowhere) == [], "none was asked for"
    both = pd.concat([labels, pd.Series(["zebra"] * 6)], ignore_index=True)
    said = split_warnings(
        both.to_frame("label"), pd.concat([few, pd.Series(["test"] * 6)], ignore_index=True)
    )
    assert ["zebra" in text for text in said] == [True, False]


def test_the_splits_that_came_are_named_in_order() -> None:
    table = pd.concat([table_of({"a": 1}, "test"), table_of({"b": 1}, "train")])
    assert given_splits(table) == ["train", "test"]
    assert given_splits(table_of({"a": 3})) == []


def test_held_out_copies_of_training_images_are_counted() -> None:
    groups = pd.Series([1, 1, 1, 2, 2, 3, 4, 4])
    splits = pd.Series(
        ["train", "test", "validation", "test", "test", "train", "validation", "train"]
    )
    assert copies_of_training(groups, splits) == 3


def test_planned_splits_have_no_copies_of_training_images() -> None:
    table = table_of({"cat": 60, "dog": 60})
    table["group"] = [n // 3 for n in range(120)]
    assert copies_of_training(table["group"], plan(table)) == 0


def test_what_is_to_be_said_of_many_classes_is_said_once() -> None:
    labels = [f"c{n}" for n in range(10) for _ in range(4)] + ["big"] * 60 + ["new"] * 9
    splits = (["train"] * 3 + ["test"]) * 10 + (["train"] * 5 + ["test"]) * 10 + ["test"] * 9
    said = split_warnings(pd.DataFrame({"label": labels}), pd.Series(splits))
    assert said == [
        "“new” has no training images: the model can't learn it.",
        "“c0”, “c1”, “c2” and 7 other classes will be judged on fewer than 5 test images each; "
        "their figures will be rough.",
    ]
