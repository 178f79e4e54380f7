"""A map of images as points that can be moved, magnified and filtered, and that shows pictures.

Plotly can't show a picture where the pointer rests. Here all pictures come along as one sheet of at
most about 1 MB, so that nothing has to be asked for while the pointer moves.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pages._widgets.component import component_of
from pages._widgets.gallery import once

# Ten colours that people with any colour vision tell apart (Petroff, "Accessible color sequences
# for data visualization", 2021); each comes with a shape of its own as well.
COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#832db6",
    "#94a4a2",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
# Without the greys, for where grey stands for all others.
COLOURS_BESIDE_GREY = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#92dadd")

_component = component_of(__file__, "lightbox_point_map", ("opened",))


@dataclass(frozen=True)
class Sheet:
    """Pictures of a map's points, cell after cell in the points' order.

    Attributes:
        data: WebP.
        side: of a cell, in pixels; pictures lie in their cells' upper left corners.
        sizes: int, shape (n, 2): width and height of each in pixels, 0 for none.
        tiny: bool, shape (n,): has so few pixels that they should be shown as squares.
    """

    data: bytes
    side: int
    sizes: np.ndarray
    tiny: np.ndarray


def point_map(
    points: pd.DataFrame,
    classes: Sequence[str],
    coloured: Sequence[int],
    sheet: Sheet | None,
    *,
    key: str,
    label: str,
) -> str:
    """Draw it; returns the ``path`` of an image that was just clicked on, else "".

    Args:
        points: an image a row: ``path``; ``x`` and ``y`` in one unit, across and upwards; ``true``
            and ``predicted``, positions in ``classes`` (mistakes are ringed); ``confidence``, 0
            to 1.
        coloured: positions of the classes that have a colour, at most ten; the rest are grey.
        label: what it is, for screen readers.
    """
    ids = list(points["path"])
    centred, size = _centred(points[["x", "y"]].to_numpy(float))
    style = np.full(len(classes), -1, np.int64)
    style[list(coloured)] = np.arange(len(coloured))
    sizes = sheet.sizes if sheet is not None else np.zeros((len(ids), 2), np.int64)
    names = "\n".join(ids)
    result = _component(
        key=key,
        data={
            # Other points are another map: what was hidden or magnified before is forgotten.
            "mark": f"{zlib.crc32(names.encode('utf-8', 'surrogatepass')):08x}-{centred.sum():.5f}",
            "label": label,
            "ids": ids,
            "x": centred[:, 0].round(4).tolist(),
            "y": centred[:, 1].round(4).tolist(),
            "wide": size[0],
            "high": size[1],
            "t": points["true"].tolist(),
            "p": points["predicted"].tolist(),
            "k": np.rint(points["confidence"] * 100).astype(int).tolist(),
            "classes": list(classes),
            "style": style.tolist(),
            "colours": list(COLOURS if len(coloured) == len(classes) else COLOURS_BESIDE_GREY),
            "sheet": base64.b64encode(sheet.data).decode() if sheet is not None else "",
            "side": sheet.side if sheet is not None else 1,
            "across": int(np.ceil(np.sqrt(max(1, len(ids))))),
            "w": sizes[:, 0].tolist(),
            "h": sizes[:, 1].tolist(),
            "tiny": sheet.tiny.tolist() if sheet is not None else [False] * len(ids),
        },
    )
    asked = str(once(key, result.get("opened")).get("id", ""))
    return asked if asked in set(ids) else ""


def _centred(points: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Points around (0, 0), the longer side of all of them 1 long; and their width and height."""
    if not len(points):
        return np.zeros((0, 2)), (1.0, 1.0)
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    longer = float((high - low).max()) or 1.0
    width, height = (float(max(side, longer / 100) / longer) for side in high - low)
    return (points - (low + high) / 2) / longer, (width, height)
