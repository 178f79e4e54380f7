"""Runs with different settings beside each other, as parallel coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.base import GREY, ORANGE, as_powers, finish, plain

_TICKS = 8


def parallel(
    table: pd.DataFrame, settings: Mapping[str, str], result: str, title: str
) -> go.Figure:
    """A line a run, through its settings to what came of it; the better, the more orange.

    Args:
        table: one row a run; rows without a result are left out.
        settings: column → what it is called. Columns of numbers are drawn to scale, others (and
            those that hold text too) as names.
        result: column with a share from 0 to 1.
        title: what the result is called.
    """
    known = table[table[result].notna()]
    scores = 100 * known[result].astype(float).to_numpy()
    dimensions = [_dimension(known[column], name) for column, name in settings.items()]
    low, high = _range(scores)
    # These axes know of no unit behind their numbers.
    label = f"{title} (%)"
    dimensions.append({"label": label, "values": scores, "range": [low, high], "tickformat": ".1f"})
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={
                "color": scores,
                "colorscale": [[0, GREY], [1, ORANGE]],
                "cmin": low,
                "cmax": high,
            },
            labelside="top",
        )
    )
    finish(figure, height=340)
    # The names at the top and the numbers at the sides lie outside of the lines.
    return figure.update_layout(margin={"l": 60, "r": 60, "t": 60, "b": 30})


def _dimension(values: pd.Series, name: str) -> dict[str, Any]:
    label = plain(name, 28)
    kinds = list(dict.fromkeys(values))
    if all(isinstance(one, int | float | np.number) and not isinstance(one, bool) for one in kinds):
        return _scale(np.array([float(one) for one in values]), label)
    places = {one: place for place, one in enumerate(sorted(kinds, key=str))}
    return {
        "label": label,
        "values": [places[one] for one in values],
        "range": [-0.2, max(places.values(), default=0) + 0.2],
        "tickvals": list(places.values()),
        "ticktext": [plain(str(one), 18) for one in places],
    }


def _scale(numbers: np.ndarray, label: str) -> dict[str, Any]:
    powers = as_powers(numbers)
    drawn = np.log10(numbers) if powers else numbers
    found: dict[str, Any] = {"label": label, "values": drawn, "range": _range(drawn)}
    kinds: Sequence[float] = np.unique(numbers).tolist()
    if len(kinds) <= _TICKS or powers:
        # Every so many of them, the outer two included.
        places = np.linspace(0, len(kinds) - 1, min(len(kinds), _TICKS)).round().astype(int)
        ticks = [kinds[place] for place in places]
        found["tickvals"] = [float(np.log10(one)) if powers else one for one in ticks]
        found["ticktext"] = [f"{one:g}" for one in ticks]
    return found


def _range(values: np.ndarray) -> list[float]:
    """From the lowest to the highest, and not a point where all are alike."""
    if not len(values):
        return [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    room = 0.0 if low < high else 0.05 * abs(high) or 0.5
    return [low - room, high + room]
