"""Results: how good a model is on images that training never saw, and where it fails."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.evaluation.predictions import evaluated_on
from core.jobs.live import live
from core.text import code, escape, shorten
from core.who import acting
from pages._widgets.job import EVERY_S, progress_bar
from pages._widgets.pick_run import pick_run, say_none, say_unknown
from pages._widgets.results import sections, studying, tested_on
from pages._widgets.results.view import load_view
from pages._widgets.session import catalog, choose_run, current_dataset, current_run
from pages._widgets.steps import lead

_ENDED = {"interrupted": "was interrupted", "cancelled": "was cancelled", "failed": "failed"}


def _head(runs: list[RunRecord], run: RunRecord) -> str:
    """The title, which model, and which images it is judged by; the latter is returned."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Results")
        lead("All models", "models", icon="inventory_2", type="tertiary")
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        pick_run(runs, run, key="run")
    with right:
        on = tested_on.choose_tested(run, read_only=_only_looks())
    about = [":material/archive: archived, so it isn’t offered elsewhere"] if run.archived else []
    about += [code(tag) for tag in run.tags]
    if about:
        st.caption(" · ".join(about))
    tested_on.about_tested(run, on, read_only=_only_looks())
    return on


def _only_looks() -> bool:
    """Whether whoever is here may change and start nothing."""
    return not acting().may("labeller")


def _without_results(runs: list[RunRecord]) -> None:
    """Say so if the run that was asked for has none, before another one takes its place."""
    asked = st.query_params.get("run") or st.session_state.get("run")
    run = next((run for run in runs if run.id == asked), None)
    if run is not None and run.finished and run.state != "done":
        st.error(
            f"“{escape(run.name)}” has no results: its training "
            f"{_ENDED.get(run.state, 'failed')}. {escape(run.error)}",
            icon=":material/error:",
        )


@st.fragment(run_every=EVERY_S)
def _coming(run_id: str, *, alone: bool) -> None:
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
        lead("See how it goes", "train", run, icon="model_training", key="coming-see")


def _say_going(runs: list[RunRecord], current: RunRecord | None) -> bool:
    """Say so where a training of the dataset has results soon; whether one has."""
    asked, record = st.query_params.get("run"), current_dataset()
    run = next((run for run in runs if run.id == asked and not run.finished), None)
    if run is None and record is not None:
        mine = (run for run in runs if run.dataset_id == record.id)
        run = next((run for run in mine if not run.finished), None)
    if run is not None:
        _coming(run.id, alone=current is None or run.id == asked)
    return run is not None


def _page() -> None:
    everything = catalog().runs.all()
    finished = [run for run in everything if run.state == "done"]
    _without_results(everything)
    current = current_run()
    is_going = _say_going(everything, current)
    if current is None and is_going:
        return
    if current is None:
        record = current_dataset()
        about = f" of “{escape(record.name)}”" if record is not None and everything else ""
        text = f"They appear here once a model{about} is trained."
        say_none("No results yet", text, "results")
        return
    if all(run.id != current.id for run in finished):
        finished = [*finished, current]  # archived: not offered, but opened by a link
    on = _head(finished, current)
    if evaluated_on(catalog().workspace, current.id):
        view = load_view(current, on, read_only=_only_looks())
        studying.begin(view)
        sections.draw(view)
    else:
        st.info(
            "This model was trained elsewhere and has not been tested yet. Press New test, and "
            "choose a folder with one folder a class, named like its classes.",
            icon=":material/info:",
        )
    lead("Try it on new images", "predict", icon="image_search", type="primary")


if not say_unknown():
    _page()
