"""What the search for a learning rate has found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.base import BLUE, ORANGE, finish


def rate_finder(
    rates: Sequence[float], losses: Sequence[float], suggestion: float | None
) -> go.Figure:
    """The loss at each learning rate, with the one that is suggested.

    Args:
        rates: rising, above 0; drawn as powers of ten.
        losses: of each, smoothed.
        suggestion: ``None`` where there is none to mark.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=list(rates),
        y=list(losses),
        mode="lines",
        line={"color": BLUE},
        name="loss",
        hovertemplate="%{x:.2g}: loss %{y:.3g}<extra></extra>",
        showlegend=False,
    )
    if suggestion is not None:
        line = {"color": ORANGE, "dash": "dash", "width": 2}
        figure.add_vline(x=suggestion, line=line)
        # Plotly takes a note's place on such an axis as its power of ten.
        figure.add_annotation(
            x=math.log10(suggestion),
            y=1,
            yref="paper",
            text=f"{suggestion:g}",
            showarrow=False,
            xanchor="left",
            yanchor="top",
            xshift=4,
            font={"size": 13},
        )
    figure.update_xaxes(title="learning rate", type="log", exponentformat="power", dtick=1)
    figure.update_yaxes(title="loss")
    return finish(figure, height=300)
