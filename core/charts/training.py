"""Metrics over a training, while it runs and afterwards.

Cheap to make, since a live view makes them several times a second: whatever the number of points,
at most :data:`POINTS` are drawn of a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.base import BLUE, GREEN, GREY, ORANGE, finish

POINTS = 400
_PARTS = {"head": "last step", "tuning": "fine-tuning"}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}

Entries = Sequence[Mapping[str, Any]]


def curves(epochs: Entries, batches: Entries, metric: str, *, smoothing: float = 0.0) -> go.Figure:
    """One metric over training, for training and validation images.

    Args:
        epochs: finished epochs; keys ``epoch``, ``best``, and ``metric``, ``val_<metric>`` or both;
            ``part`` where the training has parts, which are marked then.
        batches: points within epochs; keys ``at`` (in epochs) and, of loss and accuracy, ``metric``.
        metric: ``loss``, or anything that goes from 0 to 1.
        smoothing: 0 to below 1, of the line within epochs: how much each of its points is made of
            those before it.
    """
    x, y = _line(batches, metric, smoothing)
    lines: list[dict[str, Any]] = [
        {
            "x": x, "y": y, "mode": "lines", "line": {"color": BLUE, "width": 1.2}, "opacity": 0.4,
            "name": "within epochs", "hoverinfo": "skip", "showlegend": False,
        }
    ]  # fmt: skip
    validation = _of(epochs, f"val_{metric}")
    mode = "lines+markers" if len(epochs) < 40 else "lines"
    lines.append(
        {
            "x": [entry["epoch"] for entry in validation],
            "y": [entry[f"val_{metric}"] for entry in validation],
            "name": "validation",
            "mode": mode,
            "line": {"color": ORANGE, "dash": "dash"},
            "marker": {"symbol": "square"},
        }
    )
    training = _of(epochs, metric)
    if training or not epochs:
        lines.insert(
            1,
            {
                "x": [entry["epoch"] for entry in training],
                "y": [entry[metric] for entry in training],
                "name": "training",
                "mode": mode,
                "line": {"color": BLUE},
            },
        )
    best = next((entry for entry in reversed(validation) if entry.get("best")), None)
    if best is not None:
        lines.append(
            {
                "x": [best["epoch"]],
                "y": [best[f"val_{metric}"]],
                "mode": "markers",
                "marker": {"symbol": "star", "size": 15, "color": GREEN},
                "name": "best epoch",
            }
        )
    name = metric.replace("_", " ")
    upright = (
        {"title": {"text": name}, "rangemode": "tozero"}
        if metric == "loss"
        else {"title": {"text": name}, "tickformat": ".0%", "range": [0, 1.02]}
    )
    return _over_epochs(lines, upright, epochs)


def learning_rate(epochs: Entries, batches: Entries) -> go.Figure:
    """How big the steps were.

    Args:
        epochs, batches: as of :func:`curves`, with ``learning_rate``; epochs have their last
            step's, and are drawn only where there are no points within epochs.
    """
    x, y = _line(batches, "learning_rate", 0.0)
    if not len(x):
        known = _of(epochs, "learning_rate")
        x = np.array([entry["epoch"] for entry in known], float)
        y = np.array([entry["learning_rate"] for entry in known], float)
    line = {
        "x": x, "y": y, "mode": "lines" if len(x) > 1 else "markers", "line": {"color": GREEN},
        "name": "learning rate", "showlegend": False,
        "hovertemplate": "epoch %{x:.2f}: %{y:.3g}<extra></extra>",
    }  # fmt: skip
    upright = {"title": {"text": "learning rate"}, "rangemode": "tozero", "tickformat": "~g"}
    return _over_epochs([line], upright, epochs)


def _of(epochs: Entries, key: str) -> list[Mapping[str, Any]]:
    return [entry for entry in epochs if entry.get(key) is not None]


def _line(batches: Entries, key: str, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    """Points within epochs, smoothed, and then as means of neighbours if there are too many."""
    known = [(point["at"], point[key]) for point in batches if point.get(key) is not None]
    if not known:
        return np.zeros(0), np.zeros(0)
    x, y = np.array(known, float).T
    if smoothing > 0:
        y = pd.Series(y).ewm(alpha=1 - smoothing).mean().to_numpy()
    if len(x) > POINTS:
        starts = np.linspace(0, len(x), POINTS, endpoint=False).astype(int)
        counts = np.diff(np.append(starts, len(x)))
        x, y = (np.add.reduceat(values, starts) / counts for values in (x, y))
    return x, y


def _over_epochs(
    lines: list[dict[str, Any]], upright: dict[str, Any], epochs: Entries
) -> go.Figure:
    """Lines over epochs, with the parts of the training marked."""
    shapes, notes = [], []
    before = None
    for entry in epochs:
        part = entry.get("part") or ""
        if part and part != before:
            start = entry["epoch"] - 1
            notes.append(
                {
                    "x": start, "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "top",
                    "text": _PARTS.get(part, part), "showarrow": False, "font": {"size": 11},
                    "xshift": 3,
                }
            )  # fmt: skip
            if start:
                shapes.append(
                    {
                        "type": "line", "x0": start, "x1": start, "y0": 0, "y1": 1, "yref": "paper",
                        "line": {"color": GREY, "dash": "dot", "width": 1.5},
                    }
                )  # fmt: skip
        before = part
    layout = {
        "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"},
        "yaxis": upright,
        "legend": _LEGEND,
        "shapes": shapes,
        "annotations": notes,
    }
    return finish(go.Figure({"data": lines, "layout": layout}), height=300)
