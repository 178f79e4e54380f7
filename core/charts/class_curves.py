"""How well a class is told from all others: ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.charts.base import BLUE, GREEN, GREY, ORANGE, PER_CENT, finish, plain

# Told apart by the dashes too, where colours are not. The last two complete Okabe and Ito's.
_LINES = (
    (BLUE, "solid"),
    (ORANGE, "dash"),
    (GREEN, "dot"),
    ("#CC79A7", "dashdot"),
    ("#D55E00", "longdash"),
)
AT_MOST = len(_LINES)


def class_curves(
    curves: pd.DataFrame,
    labels: Sequence[str],
    kind: Literal["roc", "pr"],
    shares: Mapping[str, float] | None = None,
) -> go.Figure:
    """A line a class.

    Args:
        curves: ``label``, ``kind``, ``x``, ``y`` and ``threshold``, from left to right.
        labels: the classes to show, at most :data:`AT_MOST`; those without a curve are left out.
        kind: ``roc``: false against true positive rate. ``pr``: recall against precision.
        shares: the part of the images that is of each class: the precision of guessing, drawn as a
            thin line for ``pr``.
    """
    figure = go.Figure()
    names = ("false alarms", "found") if kind == "roc" else ("found (recall)", "precision")
    for label, (colour, dash) in zip(labels[:AT_MOST], _LINES, strict=False):
        own = curves[(curves["label"] == label) & (curves["kind"] == kind)]
        if own.empty:
            continue
        figure.add_scatter(
            x=100 * own["x"].to_numpy(),
            y=100 * own["y"].to_numpy(),
            customdata=own["threshold"].to_numpy(),
            mode="lines",
            # The steps are the curve: nothing lies between two thresholds.
            line={
                "color": colour,
                "dash": dash,
                "width": 2.5,
                "shape": "hv" if kind == "pr" else "linear",
            },
            name=plain(label, 28),
            hovertemplate=f"{plain(label, 60).replace('%', '&#37;')}<br>{names[0]} %{{x:.1f}} %<br>"
            f"{names[1]} %{{y:.1f}} %<br>"
            "from a probability of %{customdata:.2f} on<extra></extra>",
        )
        if kind == "pr" and shares is not None:
            figure.add_hline(
                100 * shares.get(label, 0.0),
                line={"color": colour, "width": 1, "dash": dash},
                opacity=0.5,
            )
    if kind == "roc":
        figure.add_scatter(
            x=[0, 100],
            y=[0, 100],
            mode="lines",
            line={"color": GREY, "width": 1, "dash": "dot"},
            name="chance",
            hoverinfo="skip",
            showlegend=False,
        )
        titles = ("false alarms (part of the other images)", "found (part of the class)")
    else:
        titles = ("found: recall", "right when it says so: precision")
    ticks = {"tick0": 0, "dtick": 25, "fixedrange": True, **PER_CENT}
    figure.update_xaxes(title=titles[0], range=[-2, 106], **ticks)
    figure.update_yaxes(title=titles[1], range=[-2, 103], **ticks)
    figure.update_layout(showlegend=True)
    return finish(figure, height=380, legend=True)
