"""What a person can want of a training while it runs: pause, another learning rate, stop.

Everything happens in callbacks, since a click may come together with a rerun of the whole page.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import streamlit as st

from core.jobs.live import JobView
from core.text import plain_number
from pages._widgets.job import act, cancel_button
from pages._widgets.session import catalog, forget, put

Stage = Literal["before", "search", "fit", "after"]
# The question that is open: of which job, about what, and with what learning rate.
_ASKS = "training-asks"
STOPPING = {
    "keep": "Stopping. The best so far is kept, saved and tested.",
    "discard": "Stopping. Nothing of this training is kept.",
}


def stage(view: JobView) -> Stage:
    """Whether a training has begun to learn, and whether it is done with that."""
    latest = (["decode", *view.begun])[-1]
    if latest in ("decode", "features"):
        return "before"
    if latest in ("search", "tuning"):
        return "search"
    if latest == "fit":
        # What Auto has found is made a network in no time; only others learn by it.
        return "search" if "search" in view.begun else "fit"
    return "after"


def controls(view: JobView, at: Stage, rate: float | None) -> None:
    """The buttons that make sense now, and what is being waited for.

    Args:
        at: of the training, as :func:`stage` has it.
        rate: the learning rate of its latest step, if there was one.
    """
    job = view.job
    if job.wishes.stop:
        before = at == "before"
        text = "Stopping …" if before else STOPPING[job.wishes.stop]
        st.info(text, icon=":material/hourglass:")
    elif at == "before":
        cancel_button(job.id)
    elif at == "search":
        with st.container(horizontal=True, gap="small"):
            _ending(job.id)
        _sure(job.id)
    elif at == "after":
        st.caption("It has learned; now it is saved and tested. This takes a moment.")
        _discard(job.id)
        _sure(job.id)
    else:
        if view.paused:
            st.info(
                "**Paused.** It keeps its place in memory and goes on where it was. Other "
                "trainings wait meanwhile.",
                icon=":material/pause_circle:",
            )
        _buttons(view, rate)
        _rate(view)
        _sure(job.id)


def _buttons(view: JobView, rate: float | None) -> None:
    job = view.job
    with st.container(horizontal=True, gap="small"):
        act(
            "Resume" if view.paused else "Pause",
            partial(_wish, job.id, paused=not view.paused),
            icon="play_arrow" if view.paused else "pause",
            type="primary" if view.paused else "secondary",
            key=f"pause-{job.id}",
        )
        _ending(job.id)
        act(
            "Change the learning rate",
            # The field begins with the rate of this moment, and stays as it is typed.
            (put, _ASKS, (job.id, "rate", rate or job.wishes.learning_rate or 0.001)),
            icon="speed",
            key=f"rate-{job.id}",
        )


def _ending(job_id: str) -> None:
    """The two ways to end it early."""
    act(
        "Stop and keep the best",
        partial(_wish, job_id, stop="keep"),
        icon="stop_circle",
        key=f"stop-{job_id}",
        help="Ends the training now; the best so far is saved and tested.",
    )
    _discard(job_id)


def _discard(job_id: str) -> None:
    asks = (job_id, "discard", 0.0)
    act("Stop and discard", (put, _ASKS, asks), icon="delete", key=f"discard-{job_id}")


def _rate(view: JobView) -> None:
    """The field for another learning rate, once it was asked for."""
    job_id, asked = view.job.id, view.job.wishes.learning_rate
    scheduled = partial(_wish, job_id, learning_rate=None)
    opened, rate = _opened(job_id)
    if opened == "rate":
        with st.container(border=True):
            st.number_input(
                "New learning rate",
                0.0,
                1.0,
                rate,
                step=0.0001,
                format="%.6f",
                key=f"new-rate-{job_id}",
                width=320,
                help="How big each step is. Ten times smaller is usual when the loss jumps up and "
                "down; it holds from the next batch on.",
            )
            with st.container(horizontal=True, gap="small"):
                act("Apply", (_apply, job_id), key=f"apply-{job_id}", type="primary")
                if asked is not None:
                    act("Back to the schedule", scheduled, key=f"schedule-{job_id}")
                act("Leave it", (forget, _ASKS), key=f"leave-{job_id}")
    elif asked is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f"The learning rate is held at {plain_number(asked)}, as you have set it.",
                width="content",
            )
            act("Back to the schedule", scheduled, type="tertiary", key=f"schedule-{job_id}")


def _sure(job_id: str) -> None:
    """Ask before everything is dropped."""
    if _opened(job_id)[0] != "discard":
        return
    with st.container(border=True):
        st.markdown("**Discard this training?** What it has learned so far will be gone.")
        with st.container(horizontal=True, gap="small"):
            act("Discard it", partial(_wish, job_id, stop="discard"), key=f"sure-{job_id}")
            act("Go on training", (forget, _ASKS), key=f"unsure-{job_id}", type="primary")


def _wish(job_id: str, **wishes: object) -> None:
    catalog().jobs.wish(job_id, **wishes)
    forget(_ASKS)


def _apply(job_id: str) -> None:
    _wish(job_id, learning_rate=st.session_state[f"new-rate-{job_id}"])


def _opened(job_id: str) -> tuple[str, float]:
    """Which question about a job is open, and with what learning rate."""
    asked, what, rate = st.session_state.get(_ASKS, ("", "", 0.0))
    return (what, rate) if asked == job_id else ("", 0.0)
