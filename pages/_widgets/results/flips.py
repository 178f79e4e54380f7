"""Exactly which images one of two models gets right and the other wrong, with their pictures."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation.comparison.compare import Comparison
from core.runs.pictures import Picture
from core.text import escape, percent, shorten
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.one_of import one_of
from pages._widgets.results.view import View, pictures


def draw_flips(view: View, found: list[Comparison]) -> None:
    """The images on which a model and one of the others differ."""
    usable = {one.second.id: one for one in found if one.paired.images}
    if not usable:
        return
    st.markdown("**Images that one gets right and the other wrong**")
    one = next(iter(usable.values()))
    if len(usable) > 1:
        names = {key: shorten(each.second.name, 36) for key, each in usable.items()}
        key = f"flips-of-{view.run.id}-{len(usable)}"
        one = usable[one_of("Beside which model?", names, key=key, visible=True)]
    kinds = {
        "second": (f"Only “{shorten(one.second.name, 26)}” is right", one.matched.better),
        "first": (f"Only “{shorten(one.first.name, 26)}” is right", one.matched.worse),
        "relabelled": ("Label corrected in between", one.matched.relabelled),
    }
    offered = [key for key, (_, rows) in kinds.items() if len(rows) or key != "relabelled"]
    kind = one_of(
        "Which images?",
        {key: f"{kinds[key][0]} ({len(kinds[key][1]):,})" for key in offered},
        default=max(offered[:2], key=lambda key: (len(kinds[key][1]) > 0, key == "second")),
        key=f"flips-{view.run.id}-{one.second.id}-{view.on}",
    )
    title, rows = kinds[kind]
    if rows.empty:
        st.caption("No image is like that.")
        return
    _gallery(view, rows, f"flips-{view.run.id}-{one.second.id}-{kind}", title)
    st.caption(
        f"On each picture: the answer of “{escape(one.first.name)}” → the answer of "
        f"“{escape(one.second.name)}”."
    )
    st.expander("As a table").dataframe(_table(rows, one), hide_index=True)


def _gallery(view: View, rows: pd.DataFrame, key: str, label: str) -> None:
    part = rows.iloc[page_of(len(rows), key=f"page-{key}")]
    shown = pictures(view, list(part["path"]))
    tiles = [_tile(*each) for each in zip(part.itertuples(), shown, strict=True)]
    gallery(tiles, key=key, label=label)


def _tile(row: Any, picture: Picture) -> Tile:
    was = f", was {row.label_first}" if row.relabelled else ""
    return Tile(
        row.path,
        picture.data,
        f"is {row.label}{was}",
        badge=f"{shorten(row.predicted_first, 9)} → {shorten(row.predicted_second, 9)}",
        tone="good" if row.correct_second else "bad",
        title=f"{row.path}\ntrue: {row.label}{was}\n"
        f"{row.predicted_first} ({percent(row.confidence_first)}) → "
        f"{row.predicted_second} ({percent(row.confidence_second)})",
        tiny=picture.tiny,
    )


def _table(rows: pd.DataFrame, one: Comparison) -> pd.DataFrame:
    first, second = one.first.name, one.second.name
    return pd.DataFrame(
        {
            "image": rows["path"],
            "true": rows["label"],
            "label before": rows["label_first"],
            f"{first} says": rows["predicted_first"],
            f"{second} says": rows["predicted_second"],
            f"{first} is sure": (rows["confidence_first"] * 100).round(1),
            f"{second} is sure": (rows["confidence_second"] * 100).round(1),
        }
    )
