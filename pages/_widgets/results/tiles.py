"""Images with what the model answered about them, as a gallery; a click opens one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.evaluation.study.basis import load_heat
from core.evaluation.study.phases import Study
from core.runs.pictures import Picture
from core.text import apart, certainty, percent, shorten
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.remembered import remembered
from pages._widgets.results.detail import detail
from pages._widgets.results.explained import thumbnails_with_heat
from pages._widgets.results.studying import study_of
from pages._widgets.results.view import View, pictures

_OPACITY = 0.6


def answers_gallery(
    view: View, rows: pd.DataFrame, *, key: str, label: str, heat: bool = False
) -> None:
    """Rows of ``view.predictions.table`` in their order, page by page; a click on one opens it.

    Args:
        rows: with the index that they have in the table.
        key: another key for every other set of rows.
        label: what they are, for screen readers.
        heat: show what in each picture spoke for the answer, where that is known.
    """
    shown = rows.iloc[page_of(len(rows), key=f"page-{key}")]
    found = _heated(view, shown) if heat else pictures(view, list(shown["path"]))
    opened = gallery(
        [answer_tile(*each) for each in zip(shown.itertuples(), found, strict=True)],
        key=key,
        label=label,
        opens=True,
        # The same images with other pictures.
        round=int(heat),
    )
    detail(view, key, opened[0] if opened else "", lambda _: list(rows["path"]))


def answer_tile(row: Any, picture: Picture, caption: str = "", badge: str = "") -> Tile:
    """A tested image with the answer about it.

    Args:
        row: of ``View.predictions.table``.
        caption: below it, for its class.
        badge: on it, for the answer and how sure it is.
    """
    return Tile(
        row.path,
        picture.data,
        caption or (row.label if row.correct else f"is {row.label}"),
        badge=badge or f"{apart(shorten(row.predicted, 40))} · {certainty(row.confidence)}",
        tone="good" if row.correct else "bad",
        title=f"{row.path}\ntrue: {row.label}\nanswer: {row.predicted} ({percent(row.confidence)})",
        tiny=picture.tiny,
    )


def _heated(view: View, shown: pd.DataFrame) -> list[Picture]:
    plain, study = pictures(view, list(shown["path"])), study_of(view)
    if not study.has("heat"):
        return plain
    made = _overlays(view, study, [int(row) for row in shown.index])
    # Enlarged already, so no squares.
    return [
        Picture(overlaid) if overlaid else picture
        for overlaid, picture in zip(made, plain, strict=True)
    ]


@remembered(
    lambda view, study, rows: (
        view.run.id,
        view.on,
        view.run.created_at,
        study.seconds["heat"],
        rows,
    ),
    max_entries=16,
)
def _overlays(view: View, study: Study, rows: list[int]) -> list[bytes]:
    """Thumbnails with heat maps of the answers about some rows; empty where there is none."""
    heat = load_heat(study)
    maps = {row: found for row in rows if (found := heat.of(row)) is not None}
    paths = view.predictions.table["path"].iloc[np.array(list(maps), int)]
    made = thumbnails_with_heat(view, list(paths), list(maps.values()), _OPACITY)
    by_row = dict(zip(maps, made, strict=True))
    return [by_row.get(row, b"") for row in rows]
