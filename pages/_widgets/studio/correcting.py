"""A wrong answer is put right: the photo is added, the last step learns again; undo is there."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.errors import LightboxError
from core.inference.beginning import begin_class
from core.inference.corrections import add_corrections, correct
from core.inference.predictor import Prediction
from core.jobs import kinds
from core.text import escape, shorten
from pages._widgets.camera import Shot
from pages._widgets.job import attempt
from pages._widgets.relearning import Lesson, begin_lesson, go_back, stage_of
from pages._widgets.said import Corrected, refuse
from pages._widgets.session import catalog
from pages._widgets.studio import doing

_EVERY_S = 0.5


def _key(record: DatasetRecord) -> str:
    return f"studio-correction-{record.id}"


def is_learning(record: DatasetRecord, run: RunRecord) -> bool:
    """Whether what this run said was put right in this session, and is being learned."""
    lesson: Lesson | None = st.session_state.get(_key(record))
    return lesson is not None and lesson.before == run.id


def correct_it(
    record: DatasetRecord, run: RunRecord, photo: Shot, said: Corrected, answer: Prediction
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
        add_corrections(store, record.id, made.id)
    except LightboxError as error:
        refuse(run.id, photo.at, str(error))
        st.rerun(scope="app")
    st.session_state[_key(record)] = begin_lesson(record.id, run.id, [made])
    st.rerun(scope="app")


def _begin(record: DatasetRecord, run: RunRecord, photo: Shot, label: str) -> None:
    begun = begin_class(catalog(), run.id, photo.name, photo.data, label)
    kinds.submit_scan(catalog(), record.id)
    # It isn't learned yet; with the way back.
    fresh = begun.label if begun.fresh else ""
    doing.say(begun.sentence, dataset_id=record.id, paths=begun.paths, begun=fresh)


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
    (label,) = lesson.labels.values()
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
    stage, again, why = stage_of(lesson)
    label = escape(shorten(label))
    if again is not None and lesson.seen != again.id:
        # The column beside shows how it goes.
        lesson.seen = again.id
        st.rerun(scope="app")
    if stage == "done":
        st.rerun(scope="app")
    with st.container(border=True, key="studio-correcting"):
        if stage == "failed":
            st.error(escape(why), icon=":material/error:")
        elif stage == "cancelled":
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
