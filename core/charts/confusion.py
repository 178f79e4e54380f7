"""Which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.base import categories, finish, plain

_SCALE = [
    [0.0, "rgba(0,114,178,0.04)"],
    [0.03, "rgba(0,114,178,0.18)"],
    [0.4, "rgba(0,114,178,0.5)"],
    [0.41, "rgb(20,120,180)"],
    [1.0, "rgb(0,77,122)"],
]


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
    categories(figure, labels, "x")
    categories(figure, labels, "y")
    figure.update_xaxes(title="predicted (the model's answer)", side="bottom", showgrid=False)
    figure.update_yaxes(title="true class", showgrid=False)
    return finish(figure, height=max(330, min(900, 150 + 34 * len(labels))))


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
