"""On which images a model is judged: its own test set, or folders of new images; and how a new
folder is brought in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.catalog import JobRecord, RunRecord
from core.datasets.upload import UploadStage
from core.evaluation.predictions import evaluated_on
from core.evaluation.tested import Tested, folders_tested, forget_tested, keep_upload
from core.jobs import kinds
from core.text import ago, escape, shorten
from pages._widgets.bring_images import bring_images
from pages._widgets.job import act, delete_popover, watch
from pages._widgets.one_of import choose
from pages._widgets.session import catalog
from pages._widgets.uploader import forget_upload

_OWN = "Its own test set"


def choose_tested(run: RunRecord, *, read_only: bool = False) -> str:
    """Draw the choice of what was tested on, if there is one; the value for :attr:`View.on`."""
    _take_result(run)
    # A model from elsewhere may not have been tested on anything yet.
    on = evaluated_on(catalog().workspace, run.id) or ["test"]
    tested = folders_tested(catalog().workspace, run.id)
    named = {each.on: f"{shorten(each.name)} · {ago(each.at)}" for each in tested}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = on[0]
        if len(on) > 1:
            names = {each: named.get(each, _OWN) for each in on}
            chosen = choose("Tested on", names, key=f"tested-on-{run.id}")
        if not read_only:
            act(
                "New test",
                (_toggle, run),
                icon="add",
                key=f"new-test-{run.id}",
                help="Test this model on another folder of images, with one folder a class.",
            )
    return chosen


def about_tested(run: RunRecord, on: str, *, read_only: bool = False) -> None:
    """Below the choice: the form for a new test while it is open, a test that is running, and what
    there is to say of the chosen folder."""
    if not read_only:
        running = catalog().jobs.active("evaluate", run.id)
        if running is not None:
            with st.container(border=True):
                st.markdown(f"Testing “{escape(run.name)}” on {_what(running)}")
                watch(running.id)
        elif st.session_state.get(_open_key(run)):
            with st.container(border=True):
                _form(run)
    chosen = next(
        (each for each in folders_tested(catalog().workspace, run.id) if each.on == on), None
    )
    if chosen is not None:
        _say(run, chosen, read_only=read_only)


def _open_key(run: RunRecord) -> str:
    return f"testing-{run.id}"


def _toggle(run: RunRecord) -> None:
    st.session_state[_open_key(run)] = not st.session_state.get(_open_key(run), False)


def _what(job: JobRecord) -> str:
    if job.spec.get("archive"):
        return f"“{escape(str(job.spec['name']))}”"
    folder = job.spec.get("folder")
    return f"`{folder}`" if folder else "its own test set"


def _form(run: RunRecord) -> None:
    st.markdown("**Test on other images**")
    st.caption(
        "One folder a class, named like the classes of the model. The images should be new: not "
        "those that it was trained on."
    )
    came = bring_images("test", run.id, "Test on", "class folders")
    if isinstance(came, Path):
        _start(run, kinds.submit_evaluate(catalog(), run.id, came))
    elif came is not None and came.file:
        _start(run, kinds.submit_evaluate(catalog(), run.id, archive=came.token, name=came.file))
    elif came is not None:
        stage = UploadStage(catalog().workspace, came.token)
        folder = keep_upload(catalog(), run.id, stage, came.folder or "images")
        _start(run, kinds.submit_evaluate(catalog(), run.id, folder))


def _start(run: RunRecord, job: JobRecord) -> None:
    st.session_state[_open_key(run)] = False
    forget_upload()
    st.session_state[f"test-job-{run.id}"] = job.id
    st.rerun()


def _take_result(run: RunRecord) -> None:
    """Once a test that was started here has ended: show it, or say why there is none."""
    job_id = st.session_state.get(f"test-job-{run.id}")
    if job_id is None:
        return
    job = catalog().jobs.get(job_id)
    if not job.finished:
        return
    del st.session_state[f"test-job-{run.id}"]
    result = catalog().jobs.latest_event(job_id, "result")
    if job.state == "done" and result is not None:
        st.session_state[f"tested-on-{run.id}"] = result.payload["on"]
    elif job.state != "cancelled":
        st.error(escape(job.error or "This test did not finish."), icon=":material/error:")


def _say(run: RunRecord, tested: Tested, *, read_only: bool) -> None:
    place = "Uploaded images" if tested.uploaded else f"Folder {tested.on}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{escape(place)}, tested {ago(tested.at)}.")
        if not read_only:
            stays = " and the uploaded images." if tested.uploaded else "; the folder stays."
            does = (forget_tested, catalog().workspace, run.id, tested.on)
            delete_popover("test", f"Deletes its results{stays}", does, key=f"forget-{tested.on}")
    for sentence in tested.sentences():
        st.markdown(f":material/info: {escape(sentence)}")
