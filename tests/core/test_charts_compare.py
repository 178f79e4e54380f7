"""Figures that lay runs side by side."""

from __future__ import annotations

from core import charts


def test_each_run_has_its_line_told_apart_by_more_than_colour() -> None:
    epochs = [{"epoch": n, "val_accuracy": 0.5 + n / 10} for n in (1, 2, 3)]
    figure = charts.overlaid(
        [("a <b>", epochs), ("b", epochs[:2])], "val_accuracy", "validation accuracy"
    )
    first, second = figure.data
    assert first.name == "a &lt;b&gt;"
    assert (list(first.x), list(second.x)) == ([1, 2, 3], [1, 2])
    assert first.line.dash != second.line.dash
    assert first.marker.symbol != second.marker.symbol
    assert list(second.y) == [60, 70]
    assert figure.layout.yaxis.ticksuffix == "\u00a0%"


def test_epochs_without_the_metric_are_left_out() -> None:
    epochs = [{"epoch": 1, "val_loss": None}, {"epoch": 2, "val_loss": 0.3}]
    figure = charts.overlaid([("a", epochs)], "val_loss", "loss")
    assert list(figure.data[0].x) == [2]
    assert (list(figure.data[0].y), figure.layout.yaxis.ticksuffix) == ([0.3], None)


def test_the_front_is_joined_from_cheap_to_dear_and_intervals_are_drawn() -> None:
    figure = charts.costs(
        ["big", "small", "bad"],
        [0.99, 0.9, 0.8],
        [(0.97, 1.0), (0.85, 0.93), (0.7, 0.9)],
        [9.0, 1.0, 2.0],
        [True, True, False],
        "ms",
    )
    line, *points = figure.data
    assert (list(line.x), list(line.y)) == ([1.0, 9.0], [90, 99])
    assert [point.text[0] for point in points] == ["big", "small", "bad"]
    assert round(points[0].error_y.arrayminus[0], 6) == 2
    low, high = figure.layout.xaxis.range
    assert low <= 1 < 9 < high


def test_costs_far_apart_are_drawn_as_powers() -> None:
    intervals = [(0.8, 1.0)] * 2
    figure = charts.costs(["a", "b"], [0.9, 0.95], intervals, [1.0, 900.0], [True, True], "weights")
    assert figure.layout.xaxis.type == "log"
    low, high = figure.layout.xaxis.range
    assert low < 0 < 2.9 < high
