"""From which confidence on a model counts as sure: what is in force, and where it is moved."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.evaluation.threshold import move_sure, sentence_of_sure, sure_from
from core.evaluation.trust.coverage import THRESHOLDS
from core.text import escape, percent
from core.who import acting
from pages._widgets.job import act, attempt
from pages._widgets.session import catalog


def threshold_of(run: RunRecord) -> float:
    """From which confidence, 0 to 1, on answers of a run count."""
    return sure_from(catalog().workspace, run.id).threshold


def move_it(run: RunRecord, threshold: float | None) -> None:
    """For callbacks: set it for everybody who uses this model; ``None`` as suggested."""
    attempt(move_sure, catalog().workspace, run.id, threshold)


def sure_popover(run: RunRecord) -> float:
    """“Sure from 92 %”, which opens a slider that moves it; returns what is in force."""
    found = sure_from(catalog().workspace, run.id)
    key = f"sure-{run.id}"
    # Anybody may have moved it since it was drawn last.
    st.session_state[key] = found.threshold

    def moved() -> None:
        move_it(run, float(st.session_state[key]))

    with st.popover(f"Sure from {percent(found.threshold, 0)}", icon=":material/tune:"):
        st.select_slider(
            "Sure from",
            sorted({*THRESHOLDS, found.threshold}),
            format_func=lambda share: percent(share, 0),
            key=key,
            on_change=moved,
            disabled=not acting().may("trainer"),
            help="Answers that are less sure are shown as “Not sure”: here, in batches, in demos, "
            "in programs that ask this model, and in its results.",
        )
        st.caption(escape(sentence_of_sure(found)))
        if found.moved and acting().may("trainer"):
            act(f"Back to {percent(found.suggested, 0)}", (move_it, run, None), key=f"{key}-back")
    return found.threshold
