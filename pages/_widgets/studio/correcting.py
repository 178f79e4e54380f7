"""A wrong answer is put right: the photo is added, the last step learns again; undo is there."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.errors import LightboxError
from core.inference.beginning import begin_class
from core.inference.corrections import add_correction, correct
from core.inference.predictor import Prediction
from core.jobs import kinds
from core.text import escape, shorten
from pages._widgets.job import attempt
from pages._widgets.relearning import Lesson, begin_lesson, failure, go_back, learner
from pages._widgets.said import Corrected
from pages._widgets.session import catalog
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
    lesson: Lesson | None = st.session_state.get(_key(record))
    return lesson is not None and lesson.before == run.id


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
    st.session_state[_key(record)] = begin_lesson(record.id, run.id, [made])
    st.session_state[_key(record) + "-label"] = label
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
    lesson: Lesson | None = st.session_state.get(_key(record))
    if lesson is None:
        return
    label = str(st.session_state[_key(record) + "-label"])
    if run.id == lesson.before:
        _learning(record, lesson, label)
        return
    with st.container(border=True, key="studio-corrected"):
        st.markdown(f":material/check_circle: **Learned from as “{escape(shorten(label))}”.**")
        if answer.label == label and answer.confidence >= threshold:
            st.caption("Now show it another photo like this one: this one it knows by heart.")
        elif answer.label == label:
            st.caption("It says so now, if not surely. Show it a few more like this one.")
        else:
            st.caption("One photo has not turned it. Show it a few more like this one.")
        _undo_button(record, lesson)


@st.fragment(run_every=_EVERY_S)
def _learning(record: DatasetRecord, lesson: Lesson, label: str) -> None:
    again = learner(lesson)
    label = escape(shorten(label))
    if again is not None and lesson.seen != again.id:
        # The column beside shows how it goes.
        lesson.seen = again.id
        st.rerun(scope="app")
    if again is not None and again.state == "done":
        st.rerun(scope="app")
    failed = failure(lesson, again)
    with st.container(border=True, key="studio-correcting"):
        if failed:
            st.error(escape(failed), icon=":material/error:")
        elif again is not None and again.state == "cancelled":
            st.markdown(f"Added to “{label}”; the learning was cancelled.")
        else:
            st.markdown(f":material/hourglass_top: Added to **“{label}”**. Learning from it …")
        if catalog().jobs.get(lesson.job).finished:
            _undo_button(record, lesson)


def _undo_button(record: DatasetRecord, lesson: Lesson) -> None:
    # No callback: this is part of a fragment, and what changes is on the whole page.
    if st.button(
        "Undo",
        icon=":material/undo:",
        key="studio-correction-undo",
        help="Leaves the photo out again, and goes back to the model of before.",
    ):
        attempt(_undo, record, lesson)
        st.rerun(scope="app")


def _undo(record: DatasetRecord, lesson: Lesson) -> None:
    go_back(lesson)
    st.session_state.pop(_key(record), None)
