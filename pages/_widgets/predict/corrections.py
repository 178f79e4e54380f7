"""What was corrected while trying: look it through, leave some out, and take the rest into the
dataset."""

from __future__ import annotations

import io
import time

import streamlit as st

from core.catalog import RunRecord
from core.datasets.images import open_image
from core.errors import LightboxError
from core.inference.corrections import (
    Correction,
    add_corrections,
    corrections,
    drop_correction,
    read_correction,
    restore_correction,
)
from core.jobs import kinds
from core.text import escape, plural, shorten
from core.who import acting
from pages._widgets.gallery import PAGE, Tile, gallery, page_of
from pages._widgets.job import attempt, watch
from pages._widgets.session import catalog, take
from pages._widgets.steps import go

_SMALL = 240
_LAST = "corrections-dropped"
_LEFT = ("failed", "interrupted", "cancelled")


def panel(run: RunRecord) -> None:
    """Draw it if there is anything; nothing in a dataset changes before its button is pressed."""
    store = catalog()
    items = corrections(store.workspace, run.dataset_id)
    left_out = _undoable(run.dataset_id)
    added = st.session_state.get(f"corrections-added-{run.dataset_id}")
    if added is not None and not store.jobs.get(added).finished:
        watch(added)
    _learning(run)
    if not items and not left_out:
        return
    record = store.datasets.get(run.dataset_id)
    title = f"{plural(len(items), 'correction')} to look through"
    with st.expander(title, icon=":material/rule:", expanded=False, key="corrections"):
        st.caption(
            f"Images that were answered wrongly, with the class that they are. They are kept apart "
            f"from the dataset “{escape(record.name)}” until you add them."
        )
        chosen = _gallery(run, items) if items else []
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f"Leave out {plural(len(chosen), 'image')}" if chosen else "Leave out",
                icon=":material/delete:",
                disabled=not chosen,
                on_click=attempt,
                args=(_drop, run.dataset_id, chosen),
                key="corrections-drop",
            )
            if left_out:
                st.button(
                    f"Undo: bring back {plural(len(left_out), 'image')}",
                    icon=":material/undo:",
                    on_click=attempt,
                    args=(_restore, run.dataset_id, left_out),
                    key="corrections-undo",
                )
        if items:
            _ways_in(run, plural(len(items), "image"))


def _ways_in(run: RunRecord, many: str) -> None:
    """Into the dataset; what it takes a training for is done at once, or left for later."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.imported and acting().may("trainer"):
            st.button(
                f"Learn from {many}",
                icon=":material/model_training:",
                type="primary",
                on_click=attempt,
                args=(_add, run.dataset_id, run.id),
                key="corrections-learn",
                help="They become images of the dataset, and a new model learns its last step "
                "again with them.",
            )
        st.button(
            f"Add {many} to the dataset",
            icon=":material/add_photo_alternate:",
            on_click=attempt,
            args=(_add, run.dataset_id),
            key="corrections-add",
            help="They become images of the dataset, for the next training.",
        )


def _learning(run: RunRecord) -> None:
    """Whether a new model is learning from what was corrected, or has, and the way to it."""
    queued = st.session_state.get(f"corrections-learn-{run.id}")
    mine = [
        each for each in catalog().runs.all(run.dataset_id) if each.spec.get("refits") == run.id
    ]
    again = next((each for each in mine if queued and each.created_at >= queued), None)
    if again is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="corrections-learning"):
        name = escape(shorten(again.name, 40))
        was = {"done": "has learned from them", **dict.fromkeys(_LEFT, "has not learned from them")}
        said = was.get(again.state, "learns from them")
        st.markdown(f":material/model_training: A new model, “{name}”, {said}.")
        if st.button("Look at it", key="corrections-see"):
            go("results" if again.state == "done" else "train", **take(again))


def _gallery(run: RunRecord, items: list[Correction]) -> list[str]:
    page = items[page_of(len(items), key=f"corrections-page-{run.dataset_id}", size=PAGE)]
    tiles = [
        Tile(
            item.id,
            _preview(run.dataset_id, item.id),
            item.label,
            badge=f"not {item.predicted}" if item.predicted else "",
            tone="bad",
            title=f"{item.name}\nis: {item.label}\nanswer: {item.predicted}\nby: {item.by}",
        )
        for item in page
    ]
    return gallery(tiles, key=f"corrections-{run.dataset_id}", label="Corrections", pick=True)


@st.cache_data(show_spinner=False, max_entries=256)
def _preview(dataset_id: str, correction_id: str) -> bytes:
    try:
        data = read_correction(catalog().workspace, dataset_id, correction_id)
        image = open_image(data, draft=(_SMALL, _SMALL)).image
    except LightboxError:
        return b""
    image.thumbnail((_SMALL, _SMALL))
    encoded = io.BytesIO()
    image.convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


def _undoable(dataset_id: str) -> list[str]:
    """What this session left out last, as long as it can be brought back."""
    last = set(st.session_state.get(f"{_LAST}-{dataset_id}", []))
    dropped = corrections(catalog().workspace, dataset_id, dropped=True)
    return [item.id for item in dropped if item.id in last]


def _drop(dataset_id: str, ids: list[str]) -> None:
    for each in ids:
        drop_correction(catalog().workspace, dataset_id, each)
    st.session_state[f"{_LAST}-{dataset_id}"] = list(ids)


def _restore(dataset_id: str, ids: list[str]) -> None:
    for each in ids:
        restore_correction(catalog().workspace, dataset_id, each)
    st.session_state.pop(f"{_LAST}-{dataset_id}", None)


def _add(dataset_id: str, then_learn: str = "") -> None:
    store = catalog()
    count = add_corrections(store, dataset_id)
    job = kinds.submit_scan(store, dataset_id, then_learn=then_learn)
    if then_learn:
        st.session_state[f"corrections-learn-{then_learn}"] = time.time()
    st.session_state[f"corrections-added-{dataset_id}"] = job.id
    st.toast(f"Added {plural(count, 'image')} to the dataset.", icon=":material/check:")
