"""The study behind a section of Results: begun by itself, waited for with its progress, or asked
for."""

from __future__ import annotations

import streamlit as st

from core import settings
from core.evaluation.study.phases import Study, load_study
from core.evaluation.study.run import missing, phases
from core.jobs import kinds
from core.jobs.live import live
from core.text import escape
from pages._widgets.job import EVERY_S, act, cancel_button, progress_bar
from pages._widgets.results.view import View
from pages._widgets.session import catalog


def begin(view: View) -> None:
    """Queue what isn't found out yet about an evaluation that somebody looks at, once a session."""
    mark = view.key("studied")
    if view.read_only or not settings.load().ahead or mark in st.session_state:
        return
    st.session_state[mark] = True
    if missing(study_of(view)):
        kinds.submit_study(catalog(), view.run.id, view.on)


def study_of(view: View) -> Study:
    """What there is of the study of what is looked at."""
    return load_study(catalog().workspace, view.run.id, view.on)


def studied(view: View, phase: str) -> bool:
    """Whether a phase of the study is there; draws its progress, or how to begin with it, if
    not."""
    study = study_of(view)
    if study.has(phase):
        return True
    job = catalog().jobs.active("study", view.run.id, on=view.on)
    if job is not None:
        _watch(job.id, view, phase)
        return False
    why = study.failed.get(phase, "")
    with st.container(border=True):
        if why:
            st.markdown(f"This could not be found out: {escape(why)}")
        else:
            st.markdown(f"{phases()[phase].doing} takes a while, once.")
        if view.read_only:
            st.caption("Whoever trained this model can start it; it appears here then.")
        else:
            act(
                "Try again" if why else "Find it out",
                (kinds.submit_study, catalog(), view.run.id, view.on),
                icon="experiment",
                key=f"study-{phase}",
            )
    return False


@st.fragment(run_every=EVERY_S)
def _watch(job_id: str, view: View, phase: str) -> None:
    """Show the job until it ends, or until what is waited for is there."""
    now = live(catalog(), job_id)
    if now.job.finished or study_of(view).has(phase):
        st.rerun(scope="app")
    progress_bar(now)
    if now.job.cancel_requested:
        st.caption("Stopping …")
    elif not view.read_only:
        cancel_button(job_id, key=f"study-{phase}-")
