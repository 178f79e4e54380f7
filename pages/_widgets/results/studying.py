"""The study behind a section of Results: begun by itself, waited for with its progress, or asked
for."""

from __future__ import annotations

from typing import Any

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
    why, does = study.failed.get(phase, ""), (kinds.submit_study, catalog(), view.run.id, view.on)
    if why:
        told, label = f"This could not be found out: {escape(why)}", "Try again"
    else:
        told, label = f"{phases()[phase].doing} takes a while, once.", "Find it out"
    offer(view, told, "start it", label, does, icon="experiment", key=f"study-{phase}")
    return False


def offer(
    view: View, told: str, can: str, label: str, does: tuple[Any, ...], *, icon: str, key: str
) -> None:
    """Something that is found out when somebody asks for it.

    Args:
        told: about it, as Markdown.
        can: do to have it, whoever may, for a guest: ``start it``.
        label, does, icon, key: of the button.
    """
    with st.container(border=True):
        st.markdown(told)
        if view.read_only:
            st.caption(f"Whoever trained this model can {can}; it appears here then.")
        else:
            act(label, does, icon=icon, key=key)


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
