"""Charts of nothing, of two classes and of two hundred; and names that are markup stay text."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core import charts

AWKWARD = [
    "<script>alert(1)</script>",
    "<b>bold</b> <a href='javascript:x'>y</a>",
    "🐈 кошка 猫",
    "x" * 200,
    "\"double\" and 'single'",
    "Tom & Jerry &amp; &lt;",
    "%{x} {y} $z$",
    "line\nbreak",
    "",
    " ",
]
TWO, MANY = ["cat", "dog"], [f"class {n}" for n in range(200)]
NAMES = {"two": TWO, "two hundred": MANY, "awkward": AWKWARD, "none": []}


def as_json(figure: go.Figure) -> dict[str, Any]:
    """The figure as a browser gets it; strict, since browsers refuse NaN and Infinity."""
    text = figure.to_json()
    parsed = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert set(parsed) >= {"data", "layout"}
    return parsed


def texts(value: Any) -> list[str]:
    """Every string in a figure but those that we wrote ourselves: templates."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if isinstance(value, dict):
        return [
            text
            for key, item in value.items()
            if key not in ("hovertemplate", "texttemplate", "template")
            for text in texts(item)
        ]
    return []


def confusion(labels: list[str], *, rates: bool = False) -> go.Figure:
    n = len(labels)
    counts = np.random.default_rng(0).integers(0, 9, (n, n))
    return charts.confusion(labels, counts.tolist(), rates=rates)


def class_counts(labels: list[str]) -> go.Figure:
    return charts.class_counts({label: n for n, label in enumerate(labels)})


def splits(labels: list[str]) -> go.Figure:
    counts = pd.DataFrame({"train": 7, "validation": 2, "test": 1}, index=labels)
    return charts.class_splits(counts)


BY_CLASS = {"counts": class_counts, "confusion": confusion, "splits": splits}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("chart", BY_CLASS)
def test_charts_of_classes_are_json_and_of_bounded_height(chart: str, names: str) -> None:
    figure = BY_CLASS[chart](NAMES[names])
    as_json(figure)
    # Bars that are each named are as tall as that takes, and their page lets them scroll.
    assert 150 <= figure.layout.height <= (6_000 if chart == "counts" else 900)
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("chart", BY_CLASS)
def test_names_that_are_markup_stay_text(chart: str) -> None:
    found = texts(as_json(BY_CLASS[chart](AWKWARD)))
    joined = "\n".join(found).replace("<br>", "")
    assert "<" not in joined
    assert "&lt;script&gt;" in joined, "it is shown, not dropped"
    assert "🐈 кошка 猫" in joined


@pytest.mark.parametrize("chart", BY_CLASS)
def test_names_that_look_alike_when_shortened_stay_apart(chart: str) -> None:
    names = ["x" * 100 + end for end in "abc"]
    figure = BY_CLASS[chart](names)
    assert len(set(figure.data[0].y)) == 3
    assert len(figure.layout.yaxis.ticktext) == 3


@pytest.mark.parametrize("name", AWKWARD)
def test_a_plain_name_is_short_and_reads_as_the_name(name: str) -> None:
    shown = html.unescape(charts.plain(name, 24))
    assert len(shown) <= 24
    assert shown == name if len(name) <= 24 else name.startswith(shown.removesuffix("…"))
    assert "<" not in charts.plain(name, 24)


def test_every_class_is_counted_in_the_order_given() -> None:
    figure = charts.class_counts({"b": 3, "a": 5, "c": 0})
    assert list(figure.data[0].x) == [3, 5, 0]
    assert list(figure.layout.yaxis.ticktext) == ["b", "a", "c"]
    assert figure.layout.yaxis.autorange == "reversed", "the first is on top"


def test_the_rarest_can_be_clicked_and_its_number_is_exact() -> None:
    bars = charts.class_counts({"many": 10_000, "one": 1, "none": 0}).data[0]
    assert list(bars.x) == [10_000, 200, 0]
    assert list(bars.text) == ["10,000", "1", "0"]
    assert "%{text}" in bars.hovertemplate


def test_every_one_of_two_hundred_bars_is_named() -> None:
    figure = class_counts(MANY)
    assert list(figure.layout.yaxis.ticktext) == MANY
    assert figure.layout.height >= 20 * len(MANY)


@pytest.mark.parametrize("chart", ["confusion", "splits"])
def test_two_hundred_names_are_thinned_out_but_all_are_drawn(chart: str) -> None:
    figure = BY_CLASS[chart](MANY)
    assert len(figure.data[0].y) == 200
    axis = figure.layout.yaxis
    assert 2 <= len(axis.ticktext) <= 60
    for position, text in zip(axis.tickvals, axis.ticktext, strict=True):
        assert MANY[int(position)] == text


def written(figure: go.Figure) -> dict[tuple[int, int], str]:
    """(row, column) → the number written there."""
    return {
        (int(y), int(x)): text
        for trace in figure.data
        if trace.type == "scatter"
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True)
    }


def test_confusion_tells_counts_and_shares_of_the_true_class() -> None:
    counts = [[8, 2], [0, 5]]
    plain, rates = (charts.confusion(TWO, counts, rates=rates) for rates in (False, True))
    assert written(plain) == {(0, 0): "8", (0, 1): "2", (1, 1): "5"}
    assert written(rates) == {(0, 0): "80", (0, 1): "20", (1, 1): "100"}
    assert np.asarray(plain.data[0].z).tolist() == [[0.8, 0.2], [0.0, 1.0]]
    hover = plain.data[0].hovertext[0][1]
    assert "true cat" in hover
    assert "answered dog" in hover
    assert "2 of 10 (20.0 %)" in hover


@pytest.mark.parametrize("rates", [False, True])
def test_confusion_of_a_class_without_images_has_no_gaps(rates: bool) -> None:
    figure = charts.confusion(TWO, [[0, 0], [1, 3]], rates=rates)
    assert np.isfinite(np.asarray(figure.data[0].z)).all()
    as_json(figure)


def test_confusion_of_two_hundred_writes_no_numbers_into_its_cells() -> None:
    assert written(confusion(TWO))
    assert not written(confusion(MANY, rates=True))


def test_the_parts_of_a_class_lie_behind_each_other_and_add_up() -> None:
    figure = splits(["b", "a"])
    assert figure.layout.barmode == "stack"
    assert [trace.name for trace in figure.data] == ["training", "validation", "test"]
    assert sum(trace.x[0] for trace in figure.data) == 10
    assert len({trace.marker.color for trace in figure.data}) == 3
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 3, "told apart in grey"


def test_the_suggested_rate_is_marked_where_it_lies() -> None:
    figure = charts.rate_finder([1e-5, 1e-3, 1e-1], [2.0, 1.5, 3.0], 1e-3)
    as_json(figure)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.shapes[0].x0 == 1e-3
    (note,) = figure.layout.annotations
    assert (note.text, note.x) == ("0.001", -3), "on a logarithmic axis notes stand at powers"


def test_without_a_suggestion_nothing_is_marked() -> None:
    figure = charts.rate_finder([1e-5, 1e-3], [2.0, 2.0], None)
    assert not figure.layout.shapes
    assert not figure.layout.annotations


def search_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "learning_rate": [0.0001, 0.001, 0.1, 0.1],
            "optimizer.name": ["sgd", "adam", "<b>", "sgd"],
            "batch_size": [16, "auto", 32, 16],
            "validation_accuracy": [0.5, 0.75, 0.9, None],
        }
    )


def test_a_search_is_drawn_a_line_a_run_that_has_a_result() -> None:
    names = {"learning_rate": "Rate", "optimizer.name": "Optimizer", "batch_size": "Batch size"}
    figure = charts.parallel(search_table(), names, "validation_accuracy", "Accuracy")
    as_json(figure)
    rate, optimizer, batch, accuracy = figure.data[0].dimensions
    assert list(rate["values"]) == [-4, -3, -1], "far apart, so drawn as powers"
    assert list(rate.ticktext) == ["0.0001", "0.001", "0.1"]
    assert list(optimizer.ticktext) == ["&lt;b&gt;", "adam", "sgd"]
    assert [optimizer.ticktext[value] for value in optimizer["values"]] == [
        "sgd",
        "adam",
        "&lt;b&gt;",
    ]
    assert list(batch.ticktext) == ["16", "32", "auto"], "numbers beside a word are names too"
    assert list(accuracy["values"]) == [50, 75, 90]
    assert list(accuracy.range) == [50, 90]


def test_a_search_whose_runs_are_all_alike_has_axes_of_some_length() -> None:
    table = pd.DataFrame({"epochs": [5, 5], "validation_accuracy": [1.0, 1.0]})
    figure = charts.parallel(table, {"epochs": "Epochs"}, "validation_accuracy", "Accuracy")
    assert all(low < high for low, high in (each.range for each in figure.data[0].dimensions))


@pytest.mark.parametrize(
    "make",
    [
        lambda: charts.class_counts({"a": 1}),
        lambda: splits(TWO),
        lambda: charts.rate_finder([0.1, 0.2], [1, 2], 0.1),
        lambda: charts.confusion(TWO, [[1, 0], [0, 1]], rates=False),
    ],
    ids=["counts", "splits", "rates", "confusion"],
)
def test_axes_say_what_they_show(make: Callable[[], go.Figure]) -> None:
    assert make().layout.xaxis.title.text
