"""A training whose results will be here: how far it is, until they are."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.jobs.live import live
from core.text import escape, shorten
from pages._widgets.job import EVERY_S, progress_bar
from pages._widgets.session import catalog, choose_run, take
from pages._widgets.steps import go

GOING = ("queued", "held", "running")


def going(runs: list[RunRecord], dataset_id: str) -> RunRecord | None:
    """The newest training of a dataset that has not ended."""
    return next((r for r in runs if r.dataset_id == dataset_id and r.state in GOING), None)


@st.fragment(run_every=EVERY_S)
def coming(run_id: str, *, alone: bool) -> None:
    """Show it until it ends, then run the page again. Only call it for one that has not.

    Args:
        alone: no other results are shown, so its own are, as soon as they are there.
    """
    run = catalog().runs.get(run_id)
    view, name = live(catalog(), run.job_id), escape(shorten(run.name, 40))
    if view.job.finished:
        if alone and view.job.state == "done":
            choose_run(run.id)
        elif view.job.state == "done":
            st.toast(f"“{name}” is trained: choose it under Model.", icon=":material/check:")
        st.rerun(scope="app")
    with st.container(border=True, key="results-coming"):
        where = "Its results appear here." if alone else "Its results appear under Model."
        st.markdown(f":material/hourglass_top: **“{name}” is being trained.** {where}")
        progress_bar(view)
        if st.button("See how it goes", icon=":material/model_training:", key="coming-see"):
            go("train", **take(run))
