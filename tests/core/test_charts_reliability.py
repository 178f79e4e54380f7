"""Charts of reliability show what they are given, and names as they are written."""

from __future__ import annotations

import pandas as pd

from core import charts

BINS = pd.DataFrame(
    {
        "from": [0.4, 0.8],
        "to": [0.8, 1.0],
        "confidence": [0.7, 0.9],
        "accuracy": [0.5, 0.95],
        "low": [0.3, 0.9],
        "high": [0.7, 0.99],
        "images": [20, 80],
    }
)
POINTS = pd.DataFrame(
    {
        "threshold": [0.0, 0.9],
        "coverage": [1.0, 0.4],
        "accuracy": [0.8, 0.99],
        "low": [0.7, 0.95],
        "high": [0.9, 1.0],
    }
)


def test_calibration_shows_points_intervals_and_how_many_images() -> None:
    figure = charts.calibration(BINS, BINS.assign(accuracy=[0.7, 0.9]), BINS)
    _, before, after, bars = figure.data
    assert list(before.x) == [70, 90]
    assert list(before.y) == [50, 95]
    assert [round(up) for up in before.error_y.array] == [20, 4]
    assert list(after.y) == [70, 90]
    assert list(bars.y) == [20, 80]
    assert len(charts.calibration(BINS, None, BINS).data) == 3


def test_coverage_marks_what_is_chosen() -> None:
    figure = charts.coverage(POINTS, POINTS.iloc[1])
    line, chosen = figure.data[-2:]
    assert list(line.x) == [40, 100]
    assert (list(chosen.x), list(chosen.y)) == ([40], [99])
    assert len(charts.coverage(POINTS, None).data) == 3
    charts.coverage(POINTS.iloc[:0], None)


def test_disturbances_are_the_darker_the_more_is_lost() -> None:
    figure = charts.disturbances(
        ["<b>Blur</b>"], [[0.9, 0.95, 0.3]], [["1 %", "2 %", "3 %"]], [[False, False, True]], 0.9
    )
    heat = figure.data[0]
    assert [round(float(value), 6) for value in heat.z[0]] == [0.0, 0.0, 0.6]
    written = [text for trace in figure.data[1:] for text in trace.text]
    assert [text for text in written if "▼" in text] == ["<b>30 % ▼</b><br>3 %"]
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;Blur&lt;/b&gt;",)
    assert "<b>Blur" not in heat.hovertext[0][0]
