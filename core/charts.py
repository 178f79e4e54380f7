"""Data in, Plotly figure out; nothing about pages. Colours are told apart by everyone (Okabe and
Ito, 2008), backgrounds are transparent, and class names are shown as text whatever is in them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#8A8F98"
_SCALE = [
    [0.0, "rgba(0,114,178,0.04)"],
    [0.03, "rgba(0,114,178,0.18)"],
    [0.4, "rgba(0,114,178,0.5)"],
    [0.41, "rgb(20,120,180)"],
    [1.0, "rgb(0,77,122)"],
]
_NAMES_AT_MOST = 60
_SHORTEST = 0.02
# Told apart by a pattern too, where colours are not.
_SPLITS = (
    ("train", "training", BLUE, ""),
    ("validation", "validation", ORANGE, "/"),
    ("test", "test", GREEN, "."),
)


def plain(text: str, length: int = 24) -> str:
    """A name for a chart: Plotly reads some HTML in labels, so it is escaped, and shortened."""
    short = text if len(text) <= length else text[: length - 1] + "…"
    # Plotly knows numbered entities but not &quot;, and shows quotes as they are.
    return html.escape(short, quote=False)


def class_counts(counts: Mapping[str, int]) -> go.Figure:
    """Images a class (or another kind of part) as horizontal bars, in the order given.

    A bar is at least :data:`_SHORTEST` of the longest, so that the rarest part can be seen and
    clicked too; the number beside it is exact.
    """
    labels = list(counts)
    shortest = _SHORTEST * max(counts.values(), default=0)
    figure = go.Figure(
        go.Bar(
            x=[max(count, shortest) if count else 0 for count in counts.values()],
            text=[f"{count:,}" for count in counts.values()],
            textposition="outside",
            cliponaxis=False,
            y=[f"{n}" for n in range(len(labels))],
            orientation="h",
            marker_color=BLUE,
            customdata=[plain(label, 80) for label in labels],
            hovertemplate="%{customdata}: %{text} images<extra></extra>",
        )
    )
    _categories(figure, labels, "y")
    _bar_axes(figure)
    # One or two bars would be blocks.
    figure.update_layout(bargap=0.55 if len(labels) < 3 else 0.2)
    return _finish(figure, height=max(200, min(900, 70 + 26 * len(labels))))


def class_splits(counts: pd.DataFrame) -> go.Figure:
    """Images a class, each bar divided into training, validation and test images.

    Args:
        counts: rows classes; columns ``train``, ``validation`` and ``test``.
    """
    labels = [str(label) for label in counts.index]
    names = [plain(label, 80) for label in labels]
    figure = go.Figure()
    for split, name, colour, pattern in _SPLITS:
        figure.add_bar(
            x=counts[split].tolist(),
            y=[f"{n}" for n in range(len(labels))],
            orientation="h",
            name=name,
            marker={"color": colour, "pattern": {"shape": pattern, "fillmode": "overlay"}},
            customdata=names,
            hovertemplate="%{customdata}: %{x:,} " + name + " images<extra></extra>",
        )
    _categories(figure, labels, "y")
    _bar_axes(figure)
    figure.update_layout(
        barmode="stack",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    return _finish(figure, height=max(200, min(900, 100 + 26 * len(labels))))


def curves(
    epochs: Sequence[Mapping[str, Any]], batches: Sequence[Mapping[str, Any]], metric: str
) -> go.Figure:
    """One metric over training, for training and validation images.

    Args:
        epochs: finished epochs; keys ``epoch``, ``best``, and ``metric`` and ``val_<metric>``.
        batches: points within epochs; keys ``at`` (in epochs) and ``metric``.
        metric: ``loss`` or ``accuracy``.
    """
    figure = go.Figure()
    at = [entry["epoch"] for entry in epochs]
    if batches:
        some = batches[-400:]
        figure.add_scatter(
            x=[point["at"] for point in some],
            y=[point[metric] for point in some],
            mode="lines",
            line={"color": BLUE, "width": 1},
            opacity=0.35,
            name="within epochs",
            hoverinfo="skip",
            showlegend=False,
        )
    mode = "lines+markers" if len(at) < 40 else "lines"
    figure.add_scatter(
        x=at, y=[entry[metric] for entry in epochs], name="training", mode=mode, line_color=BLUE
    )
    validation = [
        (e["epoch"], e[f"val_{metric}"]) for e in epochs if e[f"val_{metric}"] is not None
    ]
    figure.add_scatter(
        x=[x for x, _ in validation],
        y=[y for _, y in validation],
        name="validation",
        mode=mode,
        line={"color": ORANGE, "dash": "dash"},
        marker_symbol="square",
    )
    best = next(
        (e for e in reversed(epochs) if e.get("best") and e[f"val_{metric}"] is not None), None
    )
    if best is not None:
        figure.add_scatter(
            x=[best["epoch"]],
            y=[best[f"val_{metric}"]],
            mode="markers",
            marker={"symbol": "star", "size": 15, "color": GREEN},
            name="best so far",
        )
    figure.update_xaxes(title="epoch", rangemode="tozero")
    if metric == "accuracy":
        figure.update_yaxes(title="accuracy", tickformat=".0%", range=[0, 1.02])
    else:
        figure.update_yaxes(title=metric, rangemode="tozero")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return _finish(figure, height=300)


def confusion(labels: Sequence[str], counts: Sequence[Sequence[int]], *, rates: bool) -> go.Figure:
    """Which class was taken for which: rows are true classes, columns the model's answers.

    Args:
        counts: rows true, columns predicted.
        rates: show each row's shares of its sum rather than counts.
    """
    numbers = pd.DataFrame(counts, dtype=float)
    totals = numbers.sum(axis=1)
    shares = numbers.div(totals.where(totals > 0, 1.0), axis=0)
    shown = shares * 100 if rates else numbers
    names = [plain(label, 80) for label in labels]
    hover = [
        [
            f"true {true}<br>answered {answer}<br>{int(numbers.iat[r, c]):,} of "
            f"{int(totals[r]):,} ({shares.iat[r, c]:.1%})"
            for c, answer in enumerate(names)
        ]
        for r, true in enumerate(names)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares.to_numpy(),
            x=[f"{n}" for n in range(len(labels))],
            y=[f"{n}" for n in range(len(labels))],
            hovertext=hover,
            hoverinfo="text",
            colorscale=_SCALE,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    if len(labels) <= 25:
        _numbers(figure, shown.to_numpy(), shares.to_numpy())
    _categories(figure, labels, "x")
    _categories(figure, labels, "y")
    figure.update_xaxes(title="predicted (the model's answer)", side="bottom", showgrid=False)
    figure.update_yaxes(title="true class", showgrid=False)
    return _finish(figure, height=max(330, min(900, 150 + 34 * len(labels))))


def _numbers(figure: go.Figure, shown: np.ndarray, shares: np.ndarray) -> None:
    """Write numbers into a heat map: white on its dark cells, in the page's own colour on others.

    The scale lets the page shine through, which the heat map's own choice of colour overlooks.
    """
    for dark in (False, True):
        rows, columns = np.nonzero((shown > 0) & ((shares >= 0.4) == dark))
        figure.add_scatter(
            x=[f"{n}" for n in columns],
            y=[f"{n}" for n in rows],
            text=[f"{shown[r, c]:.0f}" for r, c in zip(rows, columns, strict=True)],
            mode="text",
            textfont={"color": "white"} if dark else None,
            hoverinfo="skip",
            showlegend=False,
        )


def _categories(figure: go.Figure, labels: Sequence[str], axis: str) -> None:
    """Name positions on an axis; thinned out when there are too many to read."""
    step = max(1, -(-len(labels) // _NAMES_AT_MOST))
    positions = range(0, len(labels), step)
    update = figure.update_yaxes if axis == "y" else figure.update_xaxes
    update(
        type="category",
        tickmode="array",
        tickvals=[f"{n}" for n in positions],
        ticktext=[plain(labels[n]) for n in positions],
        automargin=True,
    )
    if axis == "y":
        update(autorange="reversed")


def _bar_axes(figure: go.Figure) -> None:
    """Axes that stay where they are, so that a finger on the chart scrolls the page."""
    figure.update_xaxes(title="images", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(fixedrange=True)


def _finish(figure: go.Figure, height: int) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        uirevision="same",
    )
