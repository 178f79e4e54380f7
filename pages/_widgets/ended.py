"""What became of a training, and what can be done with it now."""

from __future__ import annotations

import shlex

import streamlit as st

from core.catalog import RunRecord
from core.jobs.kinds import resume_run
from core.jobs.live import curves
from core.runs.earlier import why_not_new
from core.text import escape, images, likely, plural, rate
from core.training.again import resumable, ways_kept
from core.training.spec import parse_spec
from core.training.start import create_run
from pages._widgets.gone import dataset_gone, its_dataset_gone
from pages._widgets.job import act
from pages._widgets.live import draw_curves, draw_ladder, say_diagnoses, training_seconds
from pages._widgets.sample_predictions import draw_samples
from pages._widgets.session import catalog, choose_run
from pages._widgets.steps import lead

BAD = {
    "failed": "This training failed.",
    "interrupted": "This training was interrupted.",
    "cancelled": "This training was cancelled before there was anything to keep.",
}


def ended(run: RunRecord) -> None:
    """A run that has ended: how good it is or what went wrong, what to do next, and its curves."""
    if run.state == "done":
        _done(run)
    else:
        _not_done(run)
    so_far = curves(catalog(), run.job_id)
    if so_far.rungs:
        with st.expander("What was tried", expanded=run.state != "done"):
            if run.summary.story:
                st.markdown(escape(run.summary.story))
            draw_ladder(so_far.rungs, key=f"ladder-{run.id}", done=run.state == "done")
    if so_far.epochs or so_far.batches:
        with st.expander("Its curves", expanded=run.state != "done"):
            say_diagnoses(so_far, done=run.state == "done")
            draw_curves(so_far, key=f"ended-{run.id}")
            draw_samples(run, so_far.snapshot)
            for note in so_far.notes:
                st.caption(f":material/info: {escape(note)}")
    _tensorboard(run)


def _done(run: RunRecord) -> None:
    summary = run.summary
    accuracy, low, high = (summary.test_accuracy or 0.0), (summary.test_low or 0.0), 1.0
    high = high if summary.test_high is None else summary.test_high
    count = summary.test_images
    stopped = " You stopped it; the best until then was kept." if run.summary.stopped else ""
    not_new = why_not_new(catalog(), run)
    tested = plural(count, "test image") if not_new else f"{images(count)} that it had never seen"
    with st.container(border=True):
        st.markdown(
            f"## :material/check_circle: “{escape(run.name)}” is trained\n\n"
            f"Right on **{rate(accuracy, count)}** of {tested} "
            f"({likely(low, high, count)}).{stopped}"
        )
        if not_new:
            st.caption(f":material/info: {not_new}")
        if run.summary.seconds:
            st.caption(f"It took {training_seconds(run)}.")
        with st.container(horizontal=True):
            lead("See the results", "results", icon="insights", type="primary")
            lead("Try it on new images", "predict", icon="image_search")


def _not_done(run: RunRecord) -> None:
    """Why it ended, and the ways to go on from there."""
    job = catalog().jobs.get(run.job_id)
    gone = dataset_gone(run)
    had = had_done(run)
    discarded = job.wishes.stop == "discard"
    if run.state == "cancelled" and gone:
        st.info(
            f"“{escape(run.name)}” was stopped, and nothing of it was kept. {its_dataset_gone()}.",
            icon=":material/delete:",
        )
    elif run.state == "cancelled" and discarded:
        st.info(f"You discarded “{escape(run.name)}”.", icon=":material/delete:")
    elif run.state == "cancelled" and had:
        st.info(f"“{escape(run.name)}” was cancelled after {had}.", icon=":material/info:")
    else:
        what = BAD.get(run.state, "This training failed.")
        st.error(f"{what} {escape(run.error)}", icon=":material/error:")
    if gone:
        return
    with st.container(horizontal=True, gap="small"):
        go_on(run)
        act(
            "Train again with the same settings",
            (_again, run),
            icon="refresh",
            key=f"again-{run.id}",
        )


def had_done(run: RunRecord) -> str:
    """What a training that has ended had done and can go on after: ``3 epochs``, ``2 ways``; "" if
    nothing is kept, somebody has discarded it, or its images have gone."""
    if dataset_gone(run) or catalog().jobs.get(run.job_id).wishes.stop == "discard":
        return ""
    if epochs := resumable(catalog().workspace, run.id):
        return plural(epochs, "epoch")
    ways = ways_kept(catalog().workspace, run.id)
    return plural(ways, "way") if ways else ""


def go_on(run: RunRecord) -> None:
    """The button with which a training that has ended goes on where it was, where it can."""
    if had := had_done(run):
        act(
            f"Go on after {had}",
            (_resume, run.id),
            icon="resume",
            key=f"resume-{run.id}",
            type="primary",
            help="What was learned until then was kept; training goes on from there.",
        )


def _tensorboard(run: RunRecord) -> None:
    logs = catalog().workspace.run(run.id) / "tensorboard"
    if logs.is_dir():
        with st.expander("TensorBoard"):
            st.markdown("This training wrote logs for TensorBoard. To look at them, run")
            st.code(f"tensorboard --logdir {shlex.quote(str(logs))}", language="bash")


def _resume(run_id: str) -> None:
    choose_run(resume_run(catalog(), run_id).id)


def _again(run: RunRecord) -> None:
    choose_run(create_run(catalog(), parse_spec(run.spec)).id)
