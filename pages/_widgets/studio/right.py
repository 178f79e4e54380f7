"""Try it: a photo in, the answer larger than all else; a wrong one is put right by a click."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.text import escape
from pages._widgets.camera import Shot, live_camera
from pages._widgets.predict.answer import picture_of
from pages._widgets.predict.trying import ask, tells_unlike
from pages._widgets.said import refused, said
from pages._widgets.session import catalog
from pages._widgets.studio.correcting import correct_it, correction_panel, is_learning
from pages._widgets.studio.showing import showing
from pages._widgets.sure import threshold_of


@st.fragment
def draw(record: DatasetRecord | None, run: RunRecord | None) -> None:
    st.subheader("Try it")
    place = record.id if record is not None else "new"
    known: Shot | None = st.session_state.get(f"studio-photo-{place}")
    given = showing(key=f"studio-show-{place}", ready=run is not None, small=known is not None)
    if run is None or record is None:
        return
    live = st.toggle("Camera", key="studio-camera")
    photo = max([each for each in (known, given) if each], key=lambda each: each.at, default=None)
    if live:
        kept = live_camera(run.id, threshold_of(run), starts=True)
        if kept is not None and (photo is None or kept.at > photo.at):
            photo = replace(kept, name="camera.jpg")
    if photo is None:
        return
    st.session_state[f"studio-photo-{place}"] = photo
    if known is not None and photo.at != known.at:
        # What became of the photo before is of no interest beside this one.
        st.session_state.pop(f"studio-correction-{place}", None)
    _answer(record, run, photo)


def _answer(record: DatasetRecord, run: RunRecord, photo: Shot) -> None:
    st.session_state["predicted"] = True
    learning = is_learning(record, run)
    detecting = tells_unlike(run, busy=learning)
    (tried,) = ask(run, [(photo.name, photo.data)], detecting)
    answer = tried.prediction
    if answer.error:
        st.error(escape(answer.error), icon=":material/broken_image:")
        return
    with st.container(key="studio-photo"):
        shown = picture_of(run.id, answer, tried.data, False)
        st.image(shown, width="stretch", alt=f"Your photo, answered {answer.label}")
    # A correction is being learned already.
    learned = f"studio-correction-{record.id}" in st.session_state
    corrected = said(
        answer,
        threshold=threshold_of(run),
        unlike=bool(tried.out_of_distribution),
        key=f"studio-said-{run.id}-{photo.at}",
        classes=() if learned else [label for label, _ in answer.top],
        refused=refused(run.id, photo.at),
        may_begin=True,
    )
    if corrected:
        correct_it(record, run, photo, corrected, answer)
    correction_panel(record, run, answer, threshold_of(run))
    if not detecting and not learning:
        job = catalog().jobs.latest("familiar", run.id)
        if job is None or not job.finished:
            st.caption("It is still finding out what photos unlike yours look like.")
        elif job.error:
            st.caption(f"Photos unlike yours can't be marked. {escape(job.error)}")
