"""How many images there are of each class."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.charts.base import BLUE, GREEN, ORANGE, categories, finish, plain

_SHORTEST = 0.02
# Told apart by a pattern too, where colours are not.
_SPLITS = (
    ("train", "training", BLUE, ""),
    ("validation", "validation", ORANGE, "/"),
    ("test", "test", GREEN, "."),
)


# Pixels a bar, so that each has its name beside it; beyond so many, names are thinned out.
_BAR, _BARS_NAMED = 26, 500


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
    categories(figure, labels, "y", most=_BARS_NAMED)
    _bar_axes(figure)
    # Space for the number beside the longest bar, on a phone too.
    figure.update_xaxes(range=[0, 1.25 * max(counts.values(), default=1)])
    # One or two bars would be blocks.
    figure.update_layout(bargap=0.55 if len(labels) < 3 else 0.2)
    # As tall as its names need: whoever shows it lets it scroll.
    return finish(figure, height=max(200, 70 + _BAR * min(len(labels), _BARS_NAMED)))


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
    categories(figure, labels, "y")
    _bar_axes(figure)
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    height = max(200, min(900, 100 + 26 * len(labels)))
    return finish(figure, height, legend=True)


def _bar_axes(figure: go.Figure) -> None:
    """Axes that stay where they are, so that a finger on the chart scrolls the page."""
    figure.update_xaxes(title="images", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(fixedrange=True)
