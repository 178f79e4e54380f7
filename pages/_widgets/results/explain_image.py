"""One image with its heat map, for the class that was answered, the one that it is, or any
other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.explain.explainer import ninths
from core.evaluation.explain.overlay import overlay
from core.text import escape, percent, shorten
from pages._widgets.gallery import gallery, page_of
from pages._widgets.one_of import choose
from pages._widgets.results.explained import (
    choose_opacity,
    explainer_of,
    heat_of,
    say_method,
    shown,
)
from pages._widgets.results.tiles import answer_tile
from pages._widgets.results.view import View, just_about, pictures

_PAGE = 24
_NAMED = 5
_WHERE = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the middle", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)


def asked_for(view: View) -> bool:
    """Whether another section has just led here with an image; takes it as the chosen one."""
    path = just_about("explain").get("path")
    return path is not None and look_at(view, path)


def look_at(view: View, path: str) -> bool:
    """Make it the image that is looked at; false if it isn't one of these. Call it before
    drawing."""
    found = view.predictions.table.index[view.predictions.table["path"] == path]
    if not len(found):
        return False
    st.session_state[view.key("explain-path")] = path
    row = view.predictions.table.loc[found[0]]
    st.session_state[view.key("explain-from")] = f"is {row['label']}" if row["correct"] else "wrong"
    return True


def draw(view: View) -> None:
    rows = _offered(view)
    if rows.empty:
        st.caption("None.")
        return
    chosen = _choose(view, rows)
    picture = shown(view, chosen)
    if picture is None:
        st.info(
            "This image is no longer there, or can’t be read, so the model can’t be asked about "
            "it.",
            icon=":material/broken_image:",
        )
        return
    _explain(view, chosen, picture)


def _offered(view: View) -> pd.DataFrame:
    """The images to choose from: mistakes with the surest first, or others in their order."""
    table = view.predictions.table
    wrong = int((~table["correct"]).sum())
    names = {"wrong": f"Mistakes ({wrong:,})", "all": f"All images ({len(table):,})"}
    names |= {f"is {label}": f"Images of {shorten(label)}" for label in view.predictions.labels}
    if not wrong:
        del names["wrong"]
    source = choose("Choose from", names, key=view.key("explain-from"))
    if source == "wrong":
        return table[~table["correct"]].sort_values("confidence", ascending=False, kind="stable")
    if source == "all":
        return table
    return table[table["label"] == source.removeprefix("is ")]


def _choose(view: View, rows: pd.DataFrame) -> str:
    """The path of the image that is looked at, chosen from a strip of thumbnails."""
    key = view.key("explain-path")
    page = rows.iloc[page_of(len(rows), key=view.key("explain-page"), size=_PAGE)]
    now = st.session_state.get(key)
    if now not in set(view.predictions.table["path"]):
        now = None
    tiles = [
        answer_tile(row, picture, f"▲ {row.label}" if row.path == now else str(row.label))
        for row, picture in zip(page.itertuples(), pictures(view, list(page["path"])), strict=True)
    ]
    clicked = gallery(
        tiles, key=view.key("explain-strip"), label="Images to explain", strip=True, opens=True
    )
    if clicked:
        st.session_state[key] = clicked[0]
        return clicked[0]
    return str(now) if now is not None else str(page["path"].iloc[0])


def _explain(view: View, path: str, picture: np.ndarray) -> None:
    explainer = explainer_of(view)
    labels = explainer.info.classes
    row = view.predictions.table[view.predictions.table["path"] == path].iloc[0]
    probabilities = view.predictions.probabilities[int(row.name)]
    order = np.argsort(-probabilities, kind="stable")
    left, right = st.columns([3, 2], gap="medium")
    with right:
        said = f"Answer **{escape(shorten(row['predicted']))}**, {percent(row['confidence'])} sure."
        if row["correct"]:
            st.markdown(f":material/check_circle: {said} That is right.")
        else:
            st.markdown(f":material/cancel: {said} It is **{escape(shorten(row['label']))}**.")
        first = [str(row["predicted"])]
        if not row["correct"]:
            first.append(str(row["label"]))
        offered = first + [labels[n] for n in order if labels[n] not in first]
        named = dict.fromkeys(offered, "") | {first[0]: " (the answer)"}
        if not row["correct"]:
            named[first[1]] = " (what it is)"
        names = {label: f"{shorten(label)}{what}" for label, what in named.items()}
        wanted = choose("Show what speaks for", names, key=f"{view.key('explain-class')}-{path}")
        opacity = choose_opacity()
    heat = heat_of(view, path, labels.index(wanted))
    if heat is None:
        return
    with left, st.container(key="explained"):
        st.image(
            overlay(picture, heat, opacity),
            width="stretch",
            output_format="JPEG",
            alt=f"{path}, with what speaks for {wanted}",
        )
    with right:
        st.markdown(_where(heat, wanted))
        st.dataframe(
            {
                "class": [labels[n] for n in order[:_NAMED]],
                "how sure": [100 * float(probabilities[n]) for n in order[:_NAMED]],
            },
            hide_index=True,
            column_config={
                "how sure": st.column_config.ProgressColumn(
                    format="%.1f %%", min_value=0.0, max_value=100.0
                )
            },
        )
        say_method(explainer)
        st.caption(escape(path))


def _where(heat: np.ndarray, label: str) -> str:
    shares = ninths(heat)
    name = f"“{escape(shorten(label))}”"
    if not shares.any():
        return f"Nothing in this picture speaks for {name}."
    row, column = divmod(int(shares.argmax()), 3)
    return (
        f"The largest part of what speaks for {name} is {_WHERE[row][column]} "
        f"({percent(shares.max(), 0)} of it)."
    )
