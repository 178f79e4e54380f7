"""The trainings that run and wait, of all datasets: in which order, and how to change it."""

from __future__ import annotations

import streamlit as st

from core.catalog import JobRecord
from core.jobs.kinds import Named, named
from core.jobs.live import how_far, live
from core.text import escape, shorten
from pages._widgets.job import act
from pages._widgets.session import catalog

EVERY_S = 1.5
_MOVES = (
    ("first", "First", "vertical_align_top"),
    ("up", "Up", "arrow_upward"),
    ("down", "Down", "arrow_downward"),
)


@st.fragment(run_every=EVERY_S)
def queue_of_trainings() -> None:
    """What runs and waits, if that is more than one thing; draws nothing otherwise."""
    jobs = catalog().jobs
    running = jobs.all(states=("running",), lane="train")
    waiting = jobs.queue("train")
    if len(running) + len(waiting) < 2:
        return
    words = named(catalog(), running + waiting)
    with st.container(border=True, key="training-queue"):
        st.markdown("**Trainings, one after the other**")
        for job in running:
            _running(job, _name(job, words[job.id]))
        for place, job in enumerate(waiting, 1):
            _waiting(job, _name(job, words[job.id]), place, len(waiting))


def _name(job: JobRecord, words: Named) -> str:
    """The name of a training and its dataset; of other work also what it is."""
    if not words.subject:
        return escape(words.title)
    title = "" if job.kind == "train" else f"{escape(words.title)}: "
    dataset = f" on {escape(shorten(words.dataset))}" if words.dataset else ""
    by = f" · by {escape(shorten(job.by))}" if job.by else ""
    return f"{title}**{escape(shorten(words.subject))}**{dataset}{by}"


def _running(job: JobRecord, name: str) -> None:
    view = live(catalog(), job.id)
    state = view.doing
    if (left := how_far(catalog(), view).words) and not view.paused:
        state += f", {left}"
    icon = ":material/pause_circle:" if view.paused else ":material/play_circle:"
    st.markdown(f"{icon} {name} · {escape(state)}")


def _waiting(job: JobRecord, name: str, place: int, last: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{place}. {name}")
        for to, label, icon in _MOVES:
            useless = place == (last if to == "down" else 1)
            act(
                label,
                (catalog().jobs.move, job.id, to),
                icon=icon,
                type="tertiary",
                key=f"queue-{to}-{job.id}",
                disabled=useless,
            )
        act(
            "Cancel",
            (catalog().jobs.request_cancel, job.id),
            icon="close",
            key=f"queue-cancel-{job.id}",
            type="tertiary",
        )
