"""A wrong answer is put right: the photo is added, the last step learns again; undo is there."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.catalog.records import ACTIVE
from core.errors import LightboxError
from core.inference.beginning import begin_class
from core.inference.corrections import add_correction, correct, take_back
from core.inference.predictor import Prediction
from core.jobs import kinds
from core.text import escape, shorten
from pages._widgets.job import attempt
from pages._widgets.said import Corrected
from pages._widgets.session import catalog, choose_run
from pages._widgets.studio import doing
from pages._widgets.studio.showing import Shown

_EVERY_S = 0.5


_REFUSED = "studio-correction-refused"


def refused(run: RunRecord, photo: Shown) -> str:
    """Why what was said last about a photo could not be taken; "" where nothing was refused."""
    run_id, at, why = st.session_state.get(_REFUSED, ("", 0, ""))
    return str(why) if (run_id, at) == (run.id, photo.at) else ""


def _key(record: DatasetRecord) -> str:
    return f"studio-correction-{record.id}"


def is_learning(record: DatasetRecord, run: RunRecord) -> bool:
    """Whether what this run said was put right in this session, and is being learned."""
    return bool(st.session_state.get(_key(record), {}).get("before") == run.id)


def correct_it(
    record: DatasetRecord, run: RunRecord, photo: Shown, said: Corrected, answer: Prediction
) -> None:
    """Add a photo under the class that it is, and let the model learn again; a class that it
    doesn't know is begun only. Runs the page anew."""
    store, label = catalog(), said.label
    try:
        if said.new:
            _begin(record, run, photo, label)
            st.rerun(scope="app")
        made = correct(
            store,
            run.id,
            photo.name,
            photo.data,
            label,
            predicted=answer.label,
            confidence=answer.confidence,
        )
        add_correction(store, record.id, made.id)
    except LightboxError as error:
        st.session_state[_REFUSED] = (run.id, photo.at, str(error))
        st.rerun(scope="app")
    # What an idle worker has begun meanwhile can wait; a person can't.
    for job in store.jobs.all(states=ACTIVE, kind="familiar"):
        store.jobs.request_cancel(job.id)
    job = kinds.submit_scan(store, record.id, then_learn=run.id)
    st.session_state[_key(record)] = {
        "id": made.id,
        "label": label,
        "before": run.id,
        "job": job.id,
        "at": time.time(),
    }
    st.rerun(scope="app")


def _begin(record: DatasetRecord, run: RunRecord, photo: Shown, label: str) -> None:
    begun = begin_class(catalog(), run.id, photo.name, photo.data, label)
    kinds.submit_scan(catalog(), record.id)
    doing.say_begun(record, begun)


def correction_panel(
    record: DatasetRecord, run: RunRecord, answer: Prediction, threshold: float
) -> None:
    """What became of the correction that was made last in this session, if there is one.

    Args:
        answer: what the run says of the photo that was corrected.
        threshold: from which confidence on it is sure.
    """
    made: dict[str, Any] | None = st.session_state.get(_key(record))
    if made is None:
        return
    if run.id == made["before"]:
        _learning(record, made)
        return
    with st.container(border=True, key="studio-corrected"):
        label = escape(shorten(made["label"]))
        st.markdown(f":material/check_circle: **Learned from as “{label}”.**")
        if answer.label == made["label"] and answer.confidence >= threshold:
            st.caption("Now show it another photo like this one: this one it knows by heart.")
        elif answer.label == made["label"]:
            st.caption("It says so now, if not surely. Show it a few more like this one.")
        else:
            st.caption("One photo has not turned it. Show it a few more like this one.")
        _undo_button(record, made)


@st.fragment(run_every=_EVERY_S)
def _learning(record: DatasetRecord, made: dict[str, Any]) -> None:
    store = catalog()
    scan = store.jobs.get(made["job"])
    again = _again(record, made)
    label = escape(shorten(made["label"]))
    if again is not None and made.get("seen") != again.id:
        # The column beside shows how it goes.
        made["seen"] = again.id
        st.rerun(scope="app")
    if again is not None and again.state == "done":
        st.rerun(scope="app")
    failed = (
        scan.error
        if scan.state == "failed"
        else again.error
        if again is not None and again.state in ("failed", "interrupted")
        else ""
    )
    with st.container(border=True, key="studio-correcting"):
        if failed:
            st.error(escape(failed), icon=":material/error:")
        elif again is not None and again.state == "cancelled":
            st.markdown(f"Added to “{label}”; the learning was cancelled.")
        else:
            st.markdown(f":material/hourglass_top: Added to **“{label}”**. Learning from it …")
        if scan.finished:
            _undo_button(record, made)


def _again(record: DatasetRecord, made: dict[str, Any]) -> RunRecord | None:
    """The run that learns from it, once it is queued."""
    return next(
        (
            run
            for run in catalog().runs.all(record.id)
            if run.spec.get("refits") == made["before"] and run.created_at >= made["at"] - 1
        ),
        None,
    )


def _undo_button(record: DatasetRecord, made: dict[str, Any]) -> None:
    # No callback: this is part of a fragment, and what changes is on the whole page.
    if st.button(
        "Undo",
        icon=":material/undo:",
        key="studio-correction-undo",
        help="Leaves the photo out again, and goes back to the model of before.",
    ):
        attempt(_undo, record, made)
        st.rerun(scope="app")


def _undo(record: DatasetRecord, made: dict[str, Any]) -> None:
    store = catalog()
    again = _again(record, made)
    if again is not None and again.state in ("queued", "running"):
        store.jobs.wish(again.job_id, stop="discard")
    elif again is not None:
        store.runs.delete(again.id)
    take_back(store, record.id, made["id"])
    choose_run(made["before"])
    st.session_state.pop(_key(record), None)
    st.toast("The photo is left out again.", icon=":material/undo:")
