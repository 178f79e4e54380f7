"""The images of a batch as pictures: of one class, unsure, least sure, unlike those that the model
was trained on, or what can't be read."""

from __future__ import annotations

import streamlit as st

from core.inference.batch_results import Summary, Which, look, thumbnail
from core.inference.batch_store import Batch, find_batch
from core.text import apart, percent, shorten
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.one_of import choose
from pages._widgets.session import catalog

_PAGE = 24


def draw_gallery(batch: Batch, counted: Summary) -> None:
    """Choose a kind of images, and leaf through them."""
    st.markdown("**Look at them**")
    kinds: dict[str, tuple[Which, str | None, str]] = {"least": ("least", None, "Least sure first")}
    if counted.unsure:
        kinds["unsure"] = ("unsure", None, f"Unsure ({counted.unsure:,})")
    if counted.unfamiliar:
        unlike = f"Unlike its training images ({counted.unfamiliar:,})"
        kinds["unfamiliar"] = ("unfamiliar", None, unlike)
    if counted.unreadable:
        kinds["unreadable"] = ("unreadable", None, f"Can’t be read ({counted.unreadable:,})")
    for label, count in counted.classes.items():
        if count:
            kinds[f"class {label}"] = ("sure", label, f"{shorten(label)} ({count:,})")
    names = {key: name for key, (_, _, name) in kinds.items()}
    kind = choose("Show", names, key=f"batch-kind-{batch.id}", width=420)
    which, wanted, _ = kinds[kind]
    found = look(catalog().workspace, batch, which, wanted, threshold=counted.threshold)
    if found.empty:
        st.caption("There is none.")
        return
    if which == "unreadable":
        st.dataframe(
            found[["path", "error"]].rename(columns={"path": "file", "error": "why"}),
            hide_index=True,
        )
        return
    place = f"batch-pictures-{batch.id}-{kind}-{counted.threshold:g}"
    shown = page_of(len(found), key=f"{place}-page", size=_PAGE)
    rows = found.iloc[shown]
    tiles = [
        Tile(
            row.path,
            _picture(batch.run_id, batch.id, row.path),
            f"{apart(shorten(row.prediction, 40))} · {percent(row.confidence)}",
            title=row.path,
        )
        for row in rows.itertuples()
    ]
    gallery(tiles, key=place, label="Images and what the model takes them for")


@st.cache_data(show_spinner=False, max_entries=512)
def _picture(run_id: str, batch_id: str, path: str) -> bytes:
    workspace = catalog().workspace
    return thumbnail(workspace, find_batch(workspace, run_id, batch_id), path) or b""
