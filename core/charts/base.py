"""What all figures share: colours, how names are written, and how a figure is finished."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#8A8F98"
# An axis of values in per cent, written as texts write them. Plotly leaves the sign out at ticks
# that are listed one by one, and where one points at a value.
PER_CENT = {"ticksuffix": "\u00a0%"}
_NAMES_AT_MOST = 60
# Numbers that are further apart than this are drawn as powers.
_WIDE = 20


def plain(text: str, length: int = 24) -> str:
    """A name for a chart: Plotly reads some HTML in labels, so it is escaped, and shortened."""
    short = text if len(text) <= length else text[: length - 1] + "…"
    # Plotly knows numbered entities but not &quot;, and shows quotes as they are.
    return html.escape(short, quote=False)


def categories(
    figure: go.Figure, labels: Sequence[str], axis: str, most: int = _NAMES_AT_MOST
) -> None:
    """Name positions on an axis; thinned out when there are more than ``most``."""
    step = max(1, -(-len(labels) // most))
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


def as_powers(numbers: np.ndarray) -> bool:
    """Whether numbers are so far apart that their powers are to be drawn."""
    return bool(len(numbers) and numbers.min() > 0 and numbers.max() / numbers.min() > _WIDE)


def interval(values: Any, low: Any, high: Any, **more: Any) -> dict[str, Any]:
    """Upright bars of the intervals around values, all shares of 1, for an axis in per cent."""
    middle = np.asarray(values)
    bars = {
        "array": (100 * (high - middle)).tolist(),
        "arrayminus": (100 * (middle - low)).tolist(),
    }
    return {"type": "data", "symmetric": False, **bars, **more}


def write_cells(figure: go.Figure, texts: np.ndarray, dark: np.ndarray, **font: Any) -> None:
    """Write into the cells of a heat map: white on dark ones, in the page's own colour on others.

    The scale lets the page shine through, which the heat map's own choice of colour overlooks.

    Args:
        texts: str, shape of the cells; "" for nothing.
        dark: bool, the same shape.
    """
    x, y = (np.asarray(names, object) for names in (figure.data[0].x, figure.data[0].y))
    for white in (False, True):
        rows, columns = np.nonzero((texts != "") & (dark == white))
        figure.add_scatter(
            x=x[columns],
            y=y[rows],
            text=texts[rows, columns],
            mode="text",
            textfont={**font, "color": "white" if white else None},
            hoverinfo="skip",
            showlegend=False,
        )


def finish(figure: go.Figure, height: int, *, legend: bool = False) -> go.Figure:
    """Its height in pixels, narrow margins, a background that lets the page through, and its legend
    above it where it is to have one."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        uirevision="same",
    )
    if legend:
        figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure
