"""What Auto has tried: time across, how often it was right upwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.charts.base import GREEN, GREY
from core.charts.live import PERCENT, LiveChart, category, quantity


def ladder(rungs: Sequence[Mapping[str, Any]]) -> LiveChart:
    """Each way that was tried as a point, and steps through those that were kept.

    Args:
        rungs: ``seconds``, ``accuracy`` (0 to 1), ``what`` and ``kept``, in the order of trying.

    Returns:
        rows with ``x``, ``y``, ``what`` and ``kind``: ``kept`` or ``left out``.
    """
    rows = pd.DataFrame(
        {
            "x": [float(rung["seconds"]) for rung in rungs],
            "y": [float(rung["accuracy"]) for rung in rungs],
            "what": [str(rung["what"]) for rung in rungs],
            "kind": ["kept" if rung["kept"] else "left out" for rung in rungs],
        }
    )
    return LiveChart(rows, _SPEC)


_PLACE: dict[str, Any] = {
    "x": quantity(
        "x",
        scale={"zero": True, "nice": False, "padding": 8},
        axis={"title": "seconds since the start"},
    ),
    "y": quantity(
        "y",
        scale={"zero": False, "padding": 12},
        axis={"title": "right on images not fitted on", **PERCENT},
    ),
}
_KINDS = {"domain": ["kept", "left out"]}
_SPEC: dict[str, Any] = {
    "height": 260,
    "layer": [
        {
            "transform": [{"filter": "datum.kind == 'kept'"}],
            "mark": {"type": "line", "interpolate": "step-after", "color": GREEN, "strokeWidth": 2},
            "encoding": _PLACE,
        },
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": {
                **_PLACE,
                "color": category(
                    "kind",
                    scale={**_KINDS, "range": [GREEN, GREY]},
                    legend={"title": None, "orient": "top"},
                ),
                # Told apart by shape too, where colours are not.
                "shape": category(
                    "kind", scale={**_KINDS, "range": ["circle", "diamond"]}, legend=None
                ),
                "tooltip": [
                    category("what"),
                    quantity("y", format=".1%", title="right"),
                    quantity("x", format=".1f", title="after (s)"),
                ],
            },
        },
    ],
}
