"""Which class was taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.base import ORANGE, categories, finish, plain, write_cells
from core.text import percent

# More classes than this are shown by colour alone, with the number when one points at a cell.
NUMBERS_AT_MOST = 25
# Cells that can be clicked, each a mark that the browser must hold.
_CELLS_AT_MOST = 4000
# Cells with a larger share than this are so dark that numbers on them are white.
_DARK = 0.4
_SCALE = [
    [0.0, "rgba(0,114,178,0.04)"],
    # A single mistake among many images must be seen too.
    [0.0001, "rgba(0,114,178,0.2)"],
    [_DARK, "rgba(0,114,178,0.5)"],
    [_DARK + 0.0001, "rgb(20,120,180)"],
    [1.0, "rgb(0,77,122)"],
]


def confusion(
    labels: Sequence[str],
    counts: Sequence[Sequence[int]],
    *,
    rates: bool,
    shown: Sequence[int] | None = None,
    chosen: tuple[int, int] | None = None,
    click: bool = False,
) -> go.Figure:
    """Which class was taken for which: rows are true classes, columns the model's answers.

    Args:
        counts: rows true, columns predicted.
        rates: show each row's shares of its sum, all classes included, rather than counts.
        shown: positions of the classes to show, in this order; all by default.
        chosen: positions of the true and the predicted class of a cell to be framed.
        click: put a mark that can be clicked on each cell (where there are very many, on those
            that are not empty); its ``customdata`` is the positions in ``labels`` of both classes.
    """
    order = list(range(len(labels))) if shown is None else list(shown)
    everything = np.array(counts, np.float64).reshape(len(labels), len(labels))
    totals = everything.sum(axis=1)
    numbers = everything[np.ix_(order, order)]
    shares = numbers / np.where(totals > 0, totals, 1.0)[order][:, None]
    names = [plain(labels[n], 80) for n in order]
    hover = _hover(names, numbers, totals[order])
    gap = 1 if len(order) <= 60 else 0
    places = [f"{n}" for n in range(len(order))]
    cells = go.Heatmap(
        z=shares,
        x=places,
        y=places,
        hovertext=None if click else hover,
        hoverinfo="skip" if click else "text",
        colorscale=_SCALE,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=gap,
        ygap=gap,
    )
    figure = go.Figure(cells)
    if len(order) <= NUMBERS_AT_MOST:
        written = [
            [f"{number:.0f}" if number > 0 else "" for number in row]
            for row in (shares * 100 if rates else numbers).tolist()
        ]
        # Two digits must fit into a cell on a phone.
        size = 12 if len(order) <= 12 else 11
        write_cells(
            figure,
            np.array(written, object).reshape(shares.shape),
            shares > _DARK,
            size=size,
            weight=600,
        )
    if click:
        _marks(figure, order, numbers, hover)
    if chosen is not None and chosen[0] in order and chosen[1] in order:
        row, column = order.index(chosen[0]), order.index(chosen[1])
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": ORANGE, "width": 3},
            layer="above",
        )
    shown_names = [labels[n] for n in order]
    categories(figure, shown_names, "x")
    categories(figure, shown_names, "y")
    # The marks would make room for themselves around the cells.
    half = max(0.5, len(order) - 0.5)
    still = {"showgrid": False, "fixedrange": True}
    across = "predicted (the model's answer)"
    figure.update_xaxes(title=across, side="bottom", range=[-0.5, half], **still)
    figure.update_yaxes(title="true class", autorange=False, range=[half, -0.5], **still)
    return finish(figure, height=max(330, min(900, 150 + 34 * len(order))))


def confusion_cell(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """The positions (true, predicted) of the cell that was clicked, if one was.

    Args:
        event: what a page hears of a chart whose cells can be clicked.
    """
    for point in event.get("selection", {}).get("points", []):
        data = point.get("customdata")
        # Arrays of two come back as an object with the keys 0 and 1 from some browsers.
        pair = list(data.values()) if isinstance(data, Mapping) else data
        if isinstance(pair, list) and len(pair) == 2:
            return int(pair[0]), int(pair[1])
    return None


def _hover(names: Sequence[str], numbers: np.ndarray, totals: np.ndarray) -> list[list[str]]:
    """What is said of each cell; nothing of empty ones where there are thousands of them."""
    every = numbers.size <= _CELLS_AT_MOST
    return [
        [
            f"true {true}<br>answered {answer}<br>{int(count):,} of {int(total):,} "
            f"({percent(count / total if total else 0)})"
            if count or every
            else ""
            for answer, count in zip(names, row, strict=True)
        ]
        for true, row, total in zip(names, numbers.tolist(), totals.tolist(), strict=True)
    ]


def _marks(
    figure: go.Figure, order: Sequence[int], numbers: np.ndarray, hover: list[list[str]]
) -> None:
    """Marks that nobody sees, since heat maps take no clicks."""
    every = numbers.size <= _CELLS_AT_MOST
    if every:
        rows, columns = (each.ravel() for each in np.indices(numbers.shape))
    else:
        most = np.argsort(-numbers, axis=None, kind="stable")[:_CELLS_AT_MOST]
        rows, columns = np.unravel_index(most[numbers.ravel()[most] > 0], numbers.shape)
    made = go.Scatter if len(rows) <= 1000 else go.Scattergl
    figure.add_trace(
        made(
            x=[f"{n}" for n in columns],
            y=[f"{n}" for n in rows],
            mode="markers",
            marker={"size": 10, "opacity": 0},
            hovertext=[hover[r][c] for r, c in zip(rows, columns, strict=True)],
            hoverinfo="text",
            customdata=np.stack((np.array(order)[rows], np.array(order)[columns]), axis=1).tolist(),
            showlegend=False,
        )
    )
    # With a mark in each cell, the nearest one is the cell's own wherever one points.
    figure.update_layout(hovermode="closest", hoverdistance=-1 if every else 12)
