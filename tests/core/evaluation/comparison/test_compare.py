"""Runs side by side: metrics as scikit-learn has them, and what makes two hard to compare is
said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from core.catalog import Catalog, RunRecord
from core.evaluation.comparison.compare import Measured, compare, metrics
from core.evaluation.comparison.differing import differing
from core.evaluation.comparison.paired import paired
from tests.core.evaluation.coloured import CLASSES, make_run
from tests.core.evaluation.twins import finished, second_run

TEST = [(colour, colour) for colour in CLASSES] * 4


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    return finished(catalog, make_run(catalog, tmp_path / "photos", {"train": right, "test": TEST}))


def rows(true: list[str], first: list[str], second: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"label": true, "predicted_first": first, "predicted_second": second})
    for name in ("first", "second"):
        table[f"correct_{name}"] = table["label"] == table[f"predicted_{name}"]
        table[f"loss_{name}"] = np.where(table[f"correct_{name}"], 0.1, 2.0)
    return table


def measured(table: pd.DataFrame) -> dict[str, Measured]:
    found = paired(table["correct_first"].to_numpy(), table["correct_second"].to_numpy())
    return {each.name: each for each in metrics(table, found)}


@pytest.mark.parametrize("classes", [2, 5])
def test_metrics_are_those_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    true, first, second = (rng.integers(0, classes, 80).astype(str).tolist() for _ in range(3))
    second[:64] = true[:64]
    found = measured(rows(true, first, second))
    for side, predictions in (("first", first), ("second", second)):
        assert getattr(found["Accuracy"], side) == pytest.approx(accuracy_score(true, predictions))
        assert getattr(found["Balanced accuracy"], side) == pytest.approx(
            balanced_accuracy_score(true, predictions), abs=1e-6
        )
        assert getattr(found["Macro F1"], side) == pytest.approx(
            f1_score(true, predictions, average="macro"), abs=1e-6
        )
    for each in found.values():
        assert each.low <= each.difference <= each.high
        assert each.beyond_chance


def test_a_class_that_is_answered_but_never_true_counts_as_in_the_scores_of_one_run() -> None:
    true, predictions = ["a", "a", "b"], ["a", "c", "b"]
    found = measured(rows(true, predictions, predictions))
    f1 = f1_score(true, predictions, average="macro", labels=["a", "b"])
    assert found["Macro F1"].first == pytest.approx(f1)
    assert found["Balanced accuracy"].first == pytest.approx(0.75)


def test_resampling_kinds_of_images_is_resampling_images() -> None:
    rng = np.random.default_rng(3)
    true = rng.integers(0, 3, 120)
    first = np.where(rng.random(120) < 0.6, true, rng.integers(0, 3, 120))
    second = np.where(rng.random(120) < 0.8, true, rng.integers(0, 3, 120))
    found = measured(rows(*(each.astype(str).tolist() for each in (true, first, second))))
    draws = []
    for _ in range(400):
        at = rng.integers(0, 120, 120)
        draws.append(
            balanced_accuracy_score(true[at], second[at])
            - balanced_accuracy_score(true[at], first[at])
        )
    low, high = np.quantile(draws, [0.025, 0.975])
    metric = found["Balanced accuracy"]
    assert (metric.low, metric.high) == pytest.approx((low, high), abs=0.03)


def test_equal_answers_differ_in_nothing() -> None:
    found = measured(rows(["a", "b"] * 5, ["a"] * 10, ["a"] * 10))
    for each in found.values():
        assert each.difference == 0
        assert not each.beyond_chance


def test_no_image_in_common_leaves_only_an_empty_accuracy() -> None:
    (accuracy,) = metrics(rows([], [], []), paired(np.zeros(0), np.zeros(0)))
    assert np.isnan(accuracy.difference)
    assert not accuracy.beyond_chance


def test_a_worse_model_is_told_from_a_better_one_and_which_images_it_gets_wrong(
    catalog: Catalog, run: RunRecord
) -> None:
    # Calls blue green and green blue: 8 of 12 wrong.
    other = second_run(catalog, run, classes=["green", "blue", "red"])
    found = compare(catalog, run, other)
    assert found.sentence == (
        "“colours” is right on 8 more images of 12 than “second”; that is more than chance (p = "
        "0.008)."
    )
    assert found.cautions == []
    assert set(found.matched.worse["label"]) == {"blue", "green"}
    assert found.matched.better.empty
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert told["images"] == {"first": 12, "second": 12, "common": 12}
    assert len(told["worse"]) == 8


def test_a_corrected_label_is_judged_as_it_is_now_whichever_run_comes_first(
    catalog: Catalog, run: RunRecord
) -> None:
    later = second_run(
        catalog, run, labels={"blue/test-0.png": "red"}, dataset_version=run.dataset_version + 1
    )
    for one, two in ((run, later), (later, run)):
        found = compare(catalog, one, two)
        moved = found.matched.relabelled.iloc[0]
        assert moved["label"] == "red"
        assert found.paired.neither == 1
        assert any("label of 1 image was corrected" in each for each in found.cautions)
        assert any("dataset was changed between them" in each for each in found.cautions)


def test_other_test_sets_and_seeds_are_said(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    other = make_run(catalog, tmp_path / "others", {"test": TEST[:6]}, "others")
    other = finished(catalog, other)
    cautions = " ".join(compare(catalog, run, other).cautions)
    assert "different datasets" in cautions
    assert "images are in both, of 12 and 6" in cautions
    seeded = second_run(catalog, run, "seeded", spec={**run.spec, "seed": 7})
    assert any("split seeds differ" in each for each in compare(catalog, run, seeded).cautions)


def test_one_is_laid_beside_many(catalog: Catalog, run: RunRecord) -> None:
    others = [second_run(catalog, run, name) for name in ("second", "third")]
    found = [compare(catalog, run, other) for other in others]
    settings = differing(catalog, [run, *others])
    assert [one.second.name for one in found] == ["second", "third"]
    assert settings == []
