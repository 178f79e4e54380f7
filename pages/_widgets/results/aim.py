"""Is it good enough? What a model is for, said once per dataset, and what a test says to that."""

from __future__ import annotations

import streamlit as st

from core.evaluation.aim import LEAST, MOST, load_aim, set_aim
from core.text import escape, shorten
from pages._widgets.job import attempt
from pages._widgets.results.figures import figures_of
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_EACH = "Each class"
_USUAL = 90
_SIGNS = {"good": ":green[:material/check_circle:]", "caution": ":orange[:material/help:]"}


def answer_to_aim(view: View) -> None:
    """The answer, where nothing else on a tab says it."""
    if said := figures_of(view).verdict.get("aim"):
        sign = _SIGNS.get(said.tone, ":red[:material/cancel:]")
        st.markdown(f"{sign} {escape(said.text)}")


def ask_aim(view: View) -> None:
    """The question, to be answered once for all models of a dataset."""
    if view.read_only or not view.run.dataset_id or not view.evaluation.images:
        return
    dataset_id = view.run.dataset_id
    aim = load_aim(catalog().workspace, dataset_id)
    # Closed once it is answered.
    key = f"aim-{view.run.id}-{aim.of_100 if aim else 0}-{st.session_state.get('aim-saved', 0)}"
    with st.popover("Is it good enough?", icon=":material/flag:", key=key):
        st.markdown("**What must it recognise to be of use to you?**")
        st.number_input(
            "Of 100 photos", LEAST, MOST, aim.of_100 if aim else _USUAL, key=f"{key}-of"
        )
        labels = ["", *view.evaluation.labels]
        st.selectbox(
            "of",
            labels,
            index=labels.index(aim.label) if aim and aim.label in labels else 0,
            format_func=lambda label: shorten(label, 40) if label else _EACH,
            key=f"{key}-class",
        )
        st.caption("Said once; every model of this dataset is held against it.")
        with st.container(horizontal=True):
            st.button(
                "Hold it against that",
                type="primary",
                on_click=attempt,
                args=(_save, dataset_id, key),
                key=f"{key}-save",
            )
            if aim is not None:
                st.button(
                    "Forget it",
                    on_click=attempt,
                    args=(_save, dataset_id, ""),
                    key=f"{key}-forget",
                )


def _save(dataset_id: str, key: str) -> None:
    of_100 = int(st.session_state[f"{key}-of"]) if key else None
    label = str(st.session_state[f"{key}-class"]) if key else ""
    set_aim(catalog(), dataset_id, of_100, label)
    st.session_state["aim-saved"] = st.session_state.get("aim-saved", 0) + 1
