"""Figures of a training while it runs.

They are Vega-Lite's rather than Plotly's, since Streamlit draws each new Plotly figure from
nothing, which flickers several times a second. Here the spec stays the same and only rows come and
go, which a browser shows in place. Cheap to make: whatever the number of points, at most
:data:`POINTS` are drawn of a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.charts.base import BLUE, GREEN, GREY, ORANGE

POINTS = 400
_MARKED = 40  # epochs up to which each has a marker
# Numbers as texts write them, on axes and where one points at a value: 80 %, 2,527.
_NUMBERS = {
    "decimal": ".",
    "thousands": ",",
    "grouping": [3],
    "currency": ["", ""],
    "percent": "\u00a0%",
}
# An axis of shares: 80 %, 82.5 %.
PERCENT = {"format": ".1~%"}
_PARTS = {"head": "last step", "tuning": "fine-tuning"}
_KINDS = ["training", "validation", "best epoch"]

Entries = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class LiveChart:
    """A figure whose data changes.

    Attributes:
        rows: what is drawn now.
        spec: a Vega-Lite spec without data: how.
    """

    rows: pd.DataFrame
    spec: dict[str, Any]

    def __post_init__(self) -> None:
        config = {"locale": {"number": _NUMBERS}}
        object.__setattr__(self, "spec", {**self.spec, "config": config})


def curves(epochs: Entries, batches: Entries, metric: str, *, smoothing: float = 0.0) -> LiveChart:
    """One metric over training, for training and validation images.

    Args:
        epochs: finished epochs; keys ``epoch``, ``best``, and ``metric``, ``val_<metric>`` or both;
            ``part`` where the training has parts, which are marked then.
        batches: points within epochs; keys ``at`` (in epochs) and, of loss and accuracy,
            ``metric``.
        metric: ``loss``, or anything that goes from 0 to 1.
        smoothing: 0 to below 1, of the line within epochs: how much each of its points is made of
            those before it.

    Returns:
        rows with ``kind`` (``within``, ``training``, ``validation``, ``best epoch``, ``part``),
        ``x`` in epochs, ``y`` (missing for parts), ``text`` and ``marked``.
    """
    x, y = _line(batches, metric, smoothing)
    validation = _of(epochs, f"val_{metric}")
    marked = len(epochs) < _MARKED
    rows = [
        _rows("within", x, y),
        _rows("training", *_points(_of(epochs, metric), metric), marked=marked),
        _rows("validation", *_points(validation, f"val_{metric}"), marked=marked),
    ]
    best = next((entry for entry in reversed(validation) if entry.get("best")), None)
    if best is not None:
        rows.append(_rows("best epoch", *_points([best], f"val_{metric}"), marked=True))
    return LiveChart(pd.concat([*rows, _parts(epochs)], ignore_index=True), _curves_spec(metric))


def learning_rate(epochs: Entries, batches: Entries) -> LiveChart:
    """How big the steps were.

    Args:
        epochs, batches: as of :func:`curves`, with ``learning_rate``; epochs have their last
            step's, and are drawn only where there are no points within epochs.

    Returns:
        rows as of :func:`curves`, of the kinds ``within`` and ``part``.
    """
    x, y = _line(batches, "learning_rate", 0.0)
    if not len(x):
        x, y = _points(_of(epochs, "learning_rate"), "learning_rate")
    line = {"type": "line", "aria": False, "color": GREEN, "strokeWidth": 2, "tooltip": True}
    upright = {"scale": {"zero": True}, "axis": {"title": "learning rate", "format": "~g"}}
    layers = [{"transform": [_only("within")], "mark": line, "encoding": _xy(upright)}]
    rows = pd.concat([_rows("within", x, y), _parts(epochs)], ignore_index=True)
    return LiveChart(rows, _spec([*layers, *_parts_layers()]))


def live_confusion(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> LiveChart:
    """Which class was taken for which so far; the finished run's is :func:`core.charts.confusion`.

    Args:
        counts: rows true, columns answered.

    Returns:
        rows with ``true``, ``answer``, ``images``, and ``share`` of the true class, one a cell.
    """
    numbers = np.asarray(counts, float).reshape(len(labels), len(labels))
    shares = numbers / np.maximum(numbers.sum(axis=1, keepdims=True), 1)
    rows = pd.DataFrame(
        {
            "true": np.repeat(np.asarray(labels, object), len(labels)),
            "answer": np.tile(np.asarray(labels, object), len(labels)),
            "images": numbers.ravel().astype(int),
            "share": shares.ravel(),
        }
    )
    return LiveChart(rows, _live_confusion_spec(labels))


def quantity(name: str, **more: Any) -> dict[str, Any]:
    """A column of numbers, in a spec."""
    return {"field": name, "type": "quantitative", **more}


def category(name: str, **more: Any) -> dict[str, Any]:
    """A column of names, in a spec."""
    return {"field": name, "type": "nominal", **more}


def _of(epochs: Entries, key: str) -> list[Mapping[str, Any]]:
    return [entry for entry in epochs if entry.get(key) is not None]


def _points(entries: Entries, key: str) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([entry["epoch"] for entry in entries], float),
        np.array([entry[key] for entry in entries], float),
    )


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


def _rows(kind: str, x: np.ndarray, y: np.ndarray, *, marked: bool = False) -> pd.DataFrame:
    return pd.DataFrame({"kind": kind, "x": x, "y": y, "text": "", "marked": marked})


def _parts(epochs: Entries) -> pd.DataFrame:
    """Where each part of the training begins."""
    starts: dict[str, float] = {}
    for entry in epochs:
        if entry.get("part"):
            starts.setdefault(entry["part"], entry["epoch"] - 1)
    found = _rows("part", np.array(list(starts.values()), float), np.full(len(starts), np.nan))
    return found.assign(text=[_PARTS.get(part, part) for part in starts])


def _spec(layers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"height": 300, "layer": layers}


def _only(*kinds: str, more: str = "") -> dict[str, str]:
    chosen = " || ".join(f"datum.kind == '{kind}'" for kind in kinds)
    return {"filter": f"({chosen}){more}"}


def _xy(upright: dict[str, Any]) -> dict[str, Any]:
    across = {"scale": {"zero": True, "nice": False}, "axis": {"title": "epoch", "tickMinStep": 1}}
    return {
        "x": quantity("x", **across),
        "y": quantity("y", **upright),
    }


def _curves_spec(metric: str) -> dict[str, Any]:
    name = metric.replace("_", " ")
    share = metric != "loss"
    number = ".1%" if share else ".4f"
    upright: dict[str, Any] = (
        {"scale": {"domain": [0, 1]}, "axis": {"title": name, **PERCENT}}
        if share
        else {"scale": {"zero": True}, "axis": {"title": name}}
    )
    place = _xy(upright)
    legend = {"title": None, "orient": "top", "symbolSize": 90, "symbolStrokeWidth": 0}

    def kinds(values: list[Any], **more: Any) -> dict[str, Any]:
        scale = {"domain": _KINDS, "range": values}
        return category("kind", scale=scale, **more)

    # Told apart by dashes and shapes too, where colours are not.
    colour = kinds([BLUE, ORANGE, GREEN], legend=legend)
    dash = kinds([[1, 0], [6, 4], [1, 0]], legend=None)
    shape = kinds(["circle", "square", "diamond"], legend=legend)
    tooltip = [
        category("kind", title="what"),
        quantity("x", title="epoch"),
        quantity("y", title=name, format=number),
    ]
    epochs = ("training", "validation")
    within = {"type": "line", "aria": False, "color": BLUE, "opacity": 0.4, "strokeWidth": 1.2}
    dots = {"type": "point", "filled": True, "opacity": 1}
    size = {"condition": {"test": "datum.kind == 'best epoch'", "value": 170}, "value": 40}
    return _spec(
        [
            {"transform": [_only("within")], "mark": within, "encoding": place},
            {
                "transform": [_only(*epochs)],
                "mark": {"type": "line", "aria": False, "strokeWidth": 2},
                "encoding": {**place, "color": colour, "strokeDash": dash},
            },
            {
                "transform": [_only(*_KINDS, more=" && datum.marked")],
                "mark": dots,
                "encoding": {**place, "color": colour, "shape": shape, "size": size},
            },
            {
                # Easier to hit, and there where epochs are too many for markers.
                "transform": [_only(*epochs)],
                "mark": {"type": "point", "opacity": 0, "size": 160, "filled": True},
                "encoding": {**place, "tooltip": tooltip},
            },
            *_parts_layers(low=share),
        ]
    )


def _parts_layers(*, low: bool = False) -> list[dict[str, Any]]:
    """Where parts begin, with their names at the top, or ``low`` where the top is full of lines."""
    return [
        {
            "transform": [_only("part", more=" && datum.x > 0")],
            # Silent, since it has nothing to say but where it is.
            "mark": {
                "type": "rule",
                "color": GREY,
                "strokeDash": [2, 3],
                "strokeWidth": 1.5,
                "aria": False,
            },
            "encoding": {"x": quantity("x")},
        },
        {
            "transform": [_only("part")],
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": "bottom" if low else "top",
                "dx": 5,
                "dy": -3 if low else 2,
                "color": GREY,
                "fontSize": 12,
            },
            "encoding": {
                "x": quantity("x"),
                "y": {"value": "height" if low else 0},
                "text": category("text"),
            },
        },
    ]


def _live_confusion_spec(labels: Sequence[str]) -> dict[str, Any]:
    axis = {"labelLimit": 110, "labelOverlap": True, "grid": False}
    # Long names lie across, so that they don't run into each other.
    angle = 0 if max(map(len, labels), default=0) <= 4 else -45
    across = {**axis, "title": "the model’s answer", "labelAngle": angle}
    place = {
        "x": category("answer", sort=None, axis=across),
        "y": category("true", sort=None, axis={**axis, "title": "true"}),
    }
    scale = {"domain": [0, 1], "range": ["rgba(0,114,178,0.06)", "rgb(0,77,122)"]}
    tooltip = [
        category("true"),
        category("answer"),
        quantity("images"),
        quantity("share", format=".1%"),
    ]
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rect"},
            "encoding": {
                **place,
                "color": quantity("share", legend=None, scale=scale),
                "tooltip": tooltip,
            },
        }
    ]
    if len(labels) <= 25:
        dark = {"condition": {"test": "datum.share > 0.4", "value": "white"}, "value": GREY}
        layers.append(
            {
                "transform": [{"filter": "datum.images > 0"}],
                "mark": {"type": "text", "tooltip": False},
                "encoding": {**place, "text": quantity("images"), "color": dark},
            }
        )
    return {"height": max(200, min(760, 120 + 26 * len(labels))), "layer": layers}
