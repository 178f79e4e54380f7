"""What all figures share: colours, how names are written, and how a figure is finished."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#8A8F98"
# An axis of values in per cent, written as texts write them. Plotly leaves the sign out at ticks
# that are listed one by one, and where one points at a value.
PER_CENT = {"ticksuffix": "\u00a0%"}
_NAMES_AT_MOST = 60


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


def finish(figure: go.Figure, height: int) -> go.Figure:
    """Its height in pixels, narrow margins, and a background that lets the page through."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        uirevision="same",
    )
