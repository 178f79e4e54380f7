"""Charts of results: confusion matrices to click, large ones to read, and curves of few classes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core import charts

LABELS = ["cat", "dog", "<b>bird</b>"]
COUNTS = [[8, 2, 0], [0, 5, 1], [3, 0, 1]]


def marks(figure: go.Figure) -> go.Scatter:
    (found,) = [each for each in figure.data if each.type != "heatmap" and each.mode == "markers"]
    return found


def test_each_cell_can_be_clicked_and_says_which_it_is() -> None:
    figure = charts.confusion(LABELS, COUNTS, rates=False, click=True)
    found = marks(figure)
    assert len(found.customdata) == 9
    for x, y, (true, predicted), hover in zip(
        found.x, found.y, found.customdata, found.hovertext, strict=True
    ):
        assert (int(y), int(x)) == (true, predicted)
        assert f"{COUNTS[true][predicted]} of {sum(COUNTS[true])}" in hover
        assert "<b>" not in hover
    assert figure.data[0].hoverinfo == "skip", "the marks are what is pointed at"


def test_classes_are_shown_in_the_order_that_was_asked_for() -> None:
    figure = charts.confusion(LABELS, COUNTS, rates=True, shown=[2, 0], click=True)
    assert list(figure.layout.xaxis.ticktext) == ["&lt;b&gt;bird&lt;/b&gt;", "cat"]
    assert list(figure.layout.yaxis.ticktext) == list(figure.layout.xaxis.ticktext)
    # Shares are of all images of the class, also those taken for a class that is not shown.
    assert np.asarray(figure.data[0].z) == pytest.approx(np.array([[0.25, 0.75], [0.0, 0.8]]))
    assert [list(pair) for pair in marks(figure).customdata] == [[2, 2], [2, 0], [0, 2], [0, 0]]


def test_true_classes_go_down_and_answers_across() -> None:
    figure = charts.confusion(LABELS, COUNTS, rates=False)
    assert list(figure.layout.yaxis.range) == [2.5, -0.5], "the first is on top"
    assert list(figure.layout.xaxis.range) == [-0.5, 2.5]
    assert "true" in figure.layout.yaxis.title.text
    assert "predicted" in figure.layout.xaxis.title.text


def test_the_chosen_cell_is_framed_where_it_is_shown() -> None:
    figure = charts.confusion(LABELS, COUNTS, rates=False, shown=[2, 0], chosen=(0, 2))
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.y0) == (-0.5, 0.5)
    hidden = charts.confusion(LABELS, COUNTS, rates=False, shown=[2, 0], chosen=(0, 1))
    assert not hidden.layout.shapes


def test_two_hundred_classes_stay_small_enough_for_a_browser() -> None:
    counts = np.eye(200, dtype=int) * 50
    counts[3, 7] = 4
    figure = charts.confusion([f"class {n}" for n in range(200)], counts, rates=False, click=True)
    found = marks(figure)
    assert len(found.customdata) == 201, "only cells that are not empty"
    assert [3, 7] in [list(pair) for pair in found.customdata]
    assert len(figure.to_json()) < 1_500_000


def test_a_click_is_the_pair_of_classes_of_its_cell() -> None:
    event = {"selection": {"points": [{"x": "1", "customdata": [3, 7]}]}}
    assert charts.confusion_cell(event) == (3, 7)
    as_object = {"selection": {"points": [{"customdata": {"0": 3, "1": 7}}]}}
    assert charts.confusion_cell(as_object) == (3, 7)
    assert charts.confusion_cell({"selection": {"points": []}}) is None
    assert charts.confusion_cell({}) is None


def points() -> pd.DataFrame:
    rows = [
        (label, kind, x, x**0.5, 1 - x)
        for label in ["a", "<b>%{x}", "c", "d", "e", "f"]
        for kind in ("roc", "pr")
        for x in (0.0, 0.5, 1.0)
    ]
    return pd.DataFrame(rows, columns=["label", "kind", "x", "y", "threshold"])


def test_a_curve_is_drawn_for_each_class_that_was_chosen() -> None:
    figure = charts.class_curves(points(), ["c", "a", "absent"], "roc")
    assert [trace.name for trace in figure.data] == ["c", "a", "chance"]
    assert list(figure.data[0].x) == [0, 50, 100]
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 3
    json.loads(figure.to_json(), parse_constant=lambda word: pytest.fail(word))


def test_never_more_lines_than_can_be_told_apart() -> None:
    labels = list(points()["label"].unique())
    figure = charts.class_curves(points(), labels, "pr")
    assert len(figure.data) == charts.CURVES_AT_MOST < len(labels)
    assert len({trace.line.dash for trace in figure.data}) == charts.CURVES_AT_MOST


def test_guessing_has_the_precision_of_the_classs_share() -> None:
    figure = charts.class_curves(points(), ["a"], "pr", {"a": 0.25})
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1) == (25, 25)


def test_names_of_curves_stay_text() -> None:
    trace = charts.class_curves(points(), ["<b>%{x}"], "roc").data[0]
    assert trace.name == "&lt;b&gt;%{x}"
    assert trace.hovertemplate.startswith("&lt;b&gt;&#37;{x}")
