"""Whether a model can be relied on: how sure against how right, answering less, and worse
photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts.base import BLUE, GREY, ORANGE, categories, finish, interval, plain, write_cells
from core.text import percent

_BAND = "rgba(0,114,178,0.16)"
# The page shines through where nothing was lost; orange, not red, which some can't tell from green.
_LOST = [
    [0.0, "rgba(213,94,0,0.04)"],
    [0.3, "rgba(213,94,0,0.32)"],
    [0.301, "rgb(184,80,0)"],
    [1.0, "rgb(122,44,0)"],
]
# Where the scale turns opaque, and the least loss that gets its darkest colour.
_OPAQUE, _DARKEST = 0.3, 0.5
_SOME = 0.1
_SHARES = {"range": [-2, 102], "ticksuffix": " %", "fixedrange": True}


def calibration(
    before: pd.DataFrame, after: pd.DataFrame | None, histogram: pd.DataFrame
) -> go.Figure:
    """How often answers of each confidence are right, above how many answers there are.

    Args:
        before, after: columns ``confidence``, ``accuracy``, ``low`` and ``high`` (0 to 1) and
            ``images``; one row a bin, by confidence. ``after`` with a temperature, if there is one.
        histogram: columns ``from`` and ``to`` (0 to 1) and ``images``.
    """
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.05
    )
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": GREY, "dash": "dot", "width": 1.5},
        name="as sure as right",
        hoverinfo="skip",
        row=1,
        col=1,
    )
    _line(figure, before, "as it answers", BLUE, "circle", "solid")
    if after is not None:
        _line(figure, after, "with the temperature", ORANGE, "diamond", "dash")
    width = (histogram["to"] - histogram["from"]) * 100
    figure.add_bar(
        x=(histogram["from"] + histogram["to"]) * 50,
        y=histogram["images"],
        width=width * 0.92,
        customdata=histogram[["from", "to"]] * 100,
        marker={"color": BLUE},
        hovertemplate="%{customdata[0]:.0f} to %{customdata[1]:.0f} % sure: %{y:,} images"
        "<extra></extra>",
        showlegend=False,
        row=2,
        col=1,
    )
    figure.update_xaxes(_SHARES, row=1, col=1)
    figure.update_xaxes(_SHARES, title="how sure it is", row=2, col=1)
    figure.update_yaxes(_SHARES, title="how often it is right", row=1, col=1)
    figure.update_yaxes(title="images", rangemode="tozero", fixedrange=True, nticks=4, row=2, col=1)
    return finish(figure, height=440, legend=True)


def _line(
    figure: go.Figure, bins: pd.DataFrame, name: str, colour: str, symbol: str, dash: str
) -> None:
    figure.add_scatter(
        x=bins["confidence"] * 100,
        y=bins["accuracy"] * 100,
        error_y=interval(bins["accuracy"], bins["low"], bins["high"], thickness=1.2, width=3),
        customdata=bins["images"],
        mode="lines+markers",
        cliponaxis=False,
        name=name,
        line={"color": colour, "dash": dash, "width": 1.5},
        # A point of few images says little, and looks it.
        marker={
            "symbol": symbol,
            "size": (5 + 8 * np.sqrt(bins["images"] / max(1, bins["images"].max()))).tolist(),
            "opacity": 1,
        },
        hovertemplate="about %{x:.0f} % sure: right %{y:.1f} % of the time, %{customdata:,} "
        "images<extra></extra>",
        row=1,
        col=1,
    )


def coverage(points: pd.DataFrame, chosen: pd.Series | None) -> go.Figure:
    """How much of what is answered is right, by how much is answered.

    Args:
        points: columns ``threshold``, ``coverage``, ``accuracy``, ``low`` and ``high``, 0 to 1; one
            row a threshold at which anything is answered.
        chosen: one such row, marked.
    """
    points = points.sort_values("coverage")
    across = points["coverage"] * 100
    figure = go.Figure()
    for bound, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=across,
            y=points[bound] * 100,
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=_BAND,
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=across,
        y=points["accuracy"] * 100,
        customdata=points["threshold"] * 100,
        mode="lines",
        line={"color": BLUE, "width": 2},
        hovertemplate="at least %{customdata:.4g} % sure: answers %{x:.0f} %, right on %{y:.1f} %"
        "<extra></extra>",
        showlegend=False,
    )
    if chosen is not None:
        figure.add_scatter(
            x=[chosen["coverage"] * 100],
            y=[chosen["accuracy"] * 100],
            mode="markers",
            marker={
                "color": ORANGE,
                "size": 14,
                "symbol": "diamond",
                "line": {"color": "white", "width": 1.5},
            },
            hoverinfo="skip",
            showlegend=False,
        )
    # Where hardly anything is answered, the band is too wide to set the scale.
    most = points[points["coverage"] >= _SOME]
    low = float(min(most["low"].min(), points["accuracy"].min())) if len(most) else 0.0
    figure.update_xaxes(_SHARES, title="images that it answers")
    lowest = max(0.0, float(np.floor(low * 20) * 5) - 2)
    figure.update_yaxes({**_SHARES, "range": [lowest, 101]}, title="right answers among them")
    return finish(figure, height=320)


def disturbances(
    kinds: Sequence[str],
    accuracy: Sequence[Sequence[float]],
    strengths: Sequence[Sequence[str]],
    worse: Sequence[Sequence[bool]],
    plain_accuracy: float,
) -> go.Figure:
    """Accuracy under disturbances: a row a kind, a column a strength, the darker the more is lost.

    Args:
        kinds: names of the rows.
        accuracy: 0 to 1, rows of three, from mild to strong.
        strengths: what each strength is.
        worse: whether the loss is more than chance; such cells are marked with an arrow.
        plain_accuracy: undisturbed, 0 to 1.
    """
    lost = np.clip(plain_accuracy - np.asarray(accuracy, np.float64).reshape(-1, 3), 0, 1)
    darkest = max(_DARKEST, float(lost.max(initial=0)))
    hover = [
        [
            f"{plain(kind)}, {strengths[r][c]}<br>right on {percent(accuracy[r][c])}, "
            f"undisturbed on {percent(plain_accuracy)}"
            for c in range(3)
        ]
        for r, kind in enumerate(kinds)
    ]
    cells = go.Heatmap(
        z=lost,
        x=["mild", "medium", "strong"],
        y=[f"{n}" for n in range(len(kinds))],
        hovertext=hover,
        hoverinfo="text",
        colorscale=_LOST,
        zmin=0,
        zmax=darkest,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure = go.Figure(cells)
    texts = [
        [
            f"<b>{percent(accuracy[r][c], 0)}{' ▼' if worse[r][c] else ''}</b><br>{strengths[r][c]}"
            for c in range(3)
        ]
        for r in range(len(kinds))
    ]
    write_cells(figure, np.array(texts, object).reshape(lost.shape), lost > darkest * _OPAQUE)
    categories(figure, kinds, "y")
    figure.update_xaxes(side="top", showgrid=False, fixedrange=True)
    figure.update_yaxes(showgrid=False, fixedrange=True)
    return finish(figure, height=60 + 54 * len(kinds))
