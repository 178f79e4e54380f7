"""Runs side by side: their curves overlaid, and what each costs beside how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.base import BLUE, GREEN, GREY, ORANGE, PER_CENT, as_powers, finish, interval, plain
from core.text import percent

# Okabe and Ito's, in an order in which neighbours differ in lightness too.
RUN_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#D55E00")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_GRID = "rgba(128,128,128,.25)"
_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "star")


def overlaid(
    runs: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], metric: str, title: str
) -> go.Figure:
    """One metric by epoch, a line a run.

    Args:
        runs: name and finished epochs, with ``epoch`` and, where it was told, ``metric``.
        metric: of the epochs; ``…loss``, or anything from 0 to 1.
        title: what the metric is called.
    """
    figure = go.Figure()
    share = not metric.endswith("loss")
    written = "%{y:.1f} %" if share else "%{y:.4f}"
    lowest = 100.0
    for place, (name, epochs) in enumerate(runs):
        known = [entry for entry in epochs if entry.get(metric) is not None]
        values = [float(entry[metric]) * (100 if share else 1) for entry in known]
        lowest = min([lowest, *values])
        colour = RUN_COLOURS[place % len(RUN_COLOURS)]
        figure.add_scatter(
            x=[entry["epoch"] for entry in known],
            y=values,
            name=plain(name, 40),
            mode="lines+markers" if len(known) <= 40 else "lines",
            line={"color": colour, "width": 2.5, "dash": _DASHES[place % len(_DASHES)]},
            marker={"symbol": _SHAPES[place % len(_SHAPES)], "size": 8},
            hovertemplate=f"epoch %{{x}}: {written}<extra>%{{fullData.name}}</extra>",
        )
    figure.update_xaxes(title="epoch", rangemode="tozero", showgrid=False)
    figure.update_yaxes(title=title, gridcolor=_GRID, automargin=True)
    if share:
        figure.update_yaxes(range=_up_to_all(lowest), **PER_CENT)
    return finish(figure, 340, legend=True)


def _up_to_all(low: float) -> list[float]:
    """A range in per cent from a little below ``low``; nothing is more than all, so it ends there,
    with just the space that a mark on it needs."""
    below = max(0.0, low - 5)
    return [below, 100 + 0.02 * (100 - below)]


def costs(
    names: Sequence[str],
    accuracy: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    cost: Sequence[float],
    on_front: Sequence[bool],
    title: str,
) -> go.Figure:
    """Accuracy against a cost: up and to the left is better, and the front is joined by a line.

    Args:
        accuracy: shares from 0 to 1, one a run.
        intervals: their bounds.
        cost: above 0; the less the better.
        on_front: which are beaten by none in both.
        title: what the cost is called, with its unit.
    """
    good, price = np.asarray(accuracy, float), np.asarray(cost, float)
    best = np.flatnonzero(np.asarray(on_front, bool))
    best = best[np.argsort(price[best], kind="stable")]
    figure = go.Figure()
    figure.add_scatter(
        x=price[best],
        y=100 * good[best],
        mode="lines",
        line={"color": GREY, "width": 2, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    middle = (price.min() + price.max()) / 2 if len(price) else 0.0
    for place, name in enumerate(names):
        # Beside the bar of the interval, inwards, and turn about so that neighbours keep apart.
        beside = "right" if price[place] <= middle else "left"
        above = "top" if place % 2 == 0 else "bottom"
        low, high = intervals[place]
        figure.add_scatter(
            x=[price[place]],
            y=[100 * good[place]],
            mode="markers+text",
            name=plain(name, 40),
            text=[plain(name, 22)],
            textposition=f"{above} {beside}",
            cliponaxis=False,
            marker={
                "color": RUN_COLOURS[place % len(RUN_COLOURS)],
                "symbol": _SHAPES[place % len(_SHAPES)],
                "size": 15 if on_front[place] else 11,
                "line": {"width": 2 if on_front[place] else 0, "color": GREY},
            },
            error_y=interval(good[[place]], low, high, thickness=1, width=4, color=GREY),
            hovertemplate=f"{plain(name, 60)}<br>{percent(good[place])} "
            f"(likely {percent(low)} to {percent(high)})<br>"
            f"{plain(title, 60)}: {price[place]:,.4g}<extra></extra>",
            showlegend=False,
        )
    powers = as_powers(price)
    figure.update_xaxes(
        title=plain(title, 60),
        type="log" if powers else "linear",
        showgrid=False,
        **_room(price, powers),
    )
    figure.update_yaxes(
        title="test accuracy",
        automargin=True,
        gridcolor=_GRID,
        range=_up_to_all(100 * min((low for low, _ in intervals), default=0.0)),
        **PER_CENT,
    )
    return finish(figure, 360)


def _room(price: np.ndarray, powers: bool) -> dict[str, Any]:
    """A range with space for names at both ends."""
    if not len(price):
        return {}
    drawn = np.log10(price) if powers else price
    low, high = float(drawn.min()), float(drawn.max())
    side = 0.25 * (high - low) or 0.25 * abs(high) or 1.0
    return {"range": [low - side if powers else max(0.0, low - side), high + side]}
