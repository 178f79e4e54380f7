"""Figures of a running training: right at every moment, small, and with a spec that stays."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from core import charts
from core.charts.live import POINTS


def epoch(
    number: int, *, validated: bool = True, best: bool = False, **more: Any
) -> dict[str, Any]:
    figures = {"loss": 1 / number, "accuracy": 1 - 0.5 / number}
    held_out = {f"val_{key}": value * 0.9 if validated else None for key, value in figures.items()}
    return {"epoch": number, "best": best, **figures, **held_out, **more}


def batch(at: float, loss: float | None = None) -> dict[str, float]:
    return {"at": at, "loss": 2 - at if loss is None else loss, "accuracy": at / 2}


def of(drawn: charts.LiveChart, kind: str) -> pd.DataFrame:
    return drawn.rows[drawn.rows["kind"] == kind]


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
@pytest.mark.parametrize(
    ("epochs", "batches"),
    [
        ([], []),
        ([], [batch(0.1), batch(0.2)]),
        ([epoch(1)], []),
        ([epoch(n, best=n == 3) for n in range(1, 9)], [batch(n / 10) for n in range(80)]),
        ([epoch(n, validated=False, best=True) for n in range(1, 200)], []),
    ],
    ids=["nothing yet", "within the first epoch", "one epoch", "with batches", "no validation"],
)
def test_the_spec_is_the_same_at_any_moment(
    metric: str, epochs: list[dict[str, Any]], batches: list[dict[str, float]]
) -> None:
    drawn = charts.curves(epochs, batches, metric)
    json.dumps(drawn.spec, allow_nan=False)
    assert drawn.spec == charts.curves([epoch(1)], [batch(0.5)], metric).spec
    assert list(drawn.rows) == ["kind", "x", "y", "text", "marked"]
    assert drawn.rows.loc[drawn.rows["kind"] != "part", "y"].notna().all()


def test_curves_show_training_validation_and_the_best_epoch_last_found() -> None:
    epochs = [epoch(n, best=n in (1, 3)) for n in range(1, 6)]
    drawn = charts.curves(epochs, [], "accuracy")
    assert of(drawn, "training")["y"].tolist() == [entry["accuracy"] for entry in epochs]
    assert of(drawn, "validation")["y"].tolist() == [entry["val_accuracy"] for entry in epochs]
    (best,) = of(drawn, "best epoch").itertuples()
    assert (best.x, best.y) == (3, epochs[2]["val_accuracy"])


def test_without_validation_there_is_no_best_point() -> None:
    drawn = charts.curves([epoch(1, validated=False, best=True)], [], "loss")
    assert of(drawn, "best epoch").empty
    assert of(drawn, "validation").empty


def test_a_metric_that_only_validation_has_is_drawn() -> None:
    drawn = charts.curves(
        [epoch(1, val_precision=0.5), epoch(2, val_precision=0.7)], [], "precision"
    )
    assert of(drawn, "validation")["y"].tolist() == [0.5, 0.7]
    assert of(drawn, "training").empty


@pytest.mark.parametrize("count", [POINTS, POINTS + 1, 10_000])
def test_however_many_points_few_are_drawn_from_the_first_to_the_last(count: int) -> None:
    drawn = of(charts.curves([], [batch(n / 100, 1.0) for n in range(count)], "loss"), "within")
    assert POINTS / 2 < len(drawn) <= POINTS
    assert drawn["x"].iloc[0] < 0.3
    assert drawn["x"].iloc[-1] > (count - 1) / 100 - 0.3
    assert drawn["x"].is_monotonic_increasing
    assert drawn["y"].to_numpy() == pytest.approx(1.0)


def test_smoothing_calms_the_line_within_epochs_and_leaves_the_epochs_alone() -> None:
    jumping = [batch(n / 10, float(n % 2)) for n in range(100)]
    plain, calm = (charts.curves([epoch(1)], jumping, "loss", smoothing=s) for s in (0.0, 0.9))
    assert of(plain, "within")["y"].tolist() == [float(n % 2) for n in range(100)]
    assert of(calm, "within")["y"].iloc[50:].between(0.4, 0.6).all()
    assert of(calm, "within")["y"].iloc[0] == 0, "it begins where the line does"
    assert of(calm, "training").equals(of(plain, "training"))


def test_parts_are_marked_where_they_begin() -> None:
    epochs = [epoch(n, part="head" if n < 4 else "tuning") for n in range(1, 7)]
    for drawn in (charts.curves(epochs, [], "loss"), charts.learning_rate(epochs, [])):
        marks = of(drawn, "part")
        assert list(zip(marks["x"], marks["text"], strict=True)) == [
            (0, "last step"),
            (3, "fine-tuning"),
        ]
    assert of(charts.curves([epoch(1, part="")], [], "loss"), "part").empty


def test_learning_rates_come_from_batches_or_else_from_epochs() -> None:
    epochs = [epoch(1, learning_rate=0.1), epoch(2, learning_rate=0.01)]
    batches = [{"at": 0.5, "learning_rate": 0.2}]
    assert of(charts.learning_rate(epochs, batches), "within")["y"].tolist() == [0.2]
    assert of(charts.learning_rate(epochs, []), "within")["y"].tolist() == [0.1, 0.01]
    assert charts.learning_rate([], []).rows.empty


def test_training_and_validation_can_be_told_apart_without_colour() -> None:
    text = json.dumps(charts.curves([epoch(1)], [], "loss").spec)
    assert "strokeDash" in text
    assert "square" in text


def test_answers_are_counts_with_shares_of_the_true_class() -> None:
    drawn = charts.live_confusion(["cat", "<b>"], [[8, 2], [0, 0]])
    cells = {(row.true, row.answer): (row.images, row.share) for row in drawn.rows.itertuples()}
    assert cells[("cat", "<b>")] == (2, 0.2)
    assert cells[("<b>", "cat")] == (0, 0.0), "a class without images has no gaps"
    assert len(cells) == 4


def test_many_classes_have_no_numbers_in_their_cells() -> None:
    few, many = (charts.live_confusion([f"{n}" for n in range(k)], [[0] * k] * k) for k in (3, 60))
    assert [layer["mark"]["type"] for layer in few.spec["layer"]] == ["rect", "text"]
    assert [layer["mark"]["type"] for layer in many.spec["layer"]] == ["rect"]
    assert many.spec["height"] <= 760
