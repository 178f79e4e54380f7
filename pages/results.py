"""Results: how good a model is on images that training never saw, and where it fails."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.catalog import RunRecord
from core.evaluation.predictions import evaluated_on
from core.text import escape
from core.who import acting
from pages._widgets.pick_run import pick_run, say_none, say_unknown
from pages._widgets.results import (
    classes,
    compare,
    confusion,
    explain,
    how,
    mistakes,
    near_copies,
    overview,
    reliability,
    scatter_map,
    share,
    studying,
    tested_on,
    trust,
)
from pages._widgets.results.coming import GOING, coming, going
from pages._widgets.results.document import tabs
from pages._widgets.results.view import SHOWN, View, load_view
from pages._widgets.sections import draw_section
from pages._widgets.session import catalog, current_dataset, current_run
from pages._widgets.steps import go

_ENDED = {"interrupted": "was interrupted", "cancelled": "was cancelled", "failed": "failed"}
_SECTIONS: dict[str, tuple[str, Callable[[View], None]]] = {
    "overview": ("Verdict", overview.draw),
    "confusion": ("What it mixes up", confusion.draw),
    "mistakes": ("Mistakes", mistakes.draw),
    "explain": ("What it looks at", explain.draw),
    "trust": ("Can I trust it", trust.draw),
    "share": ("Take away", share.draw),
}
_SPECIALISTS: dict[str, tuple[str, Callable[[View], None]]] = {
    "figures": ("All figures", overview.draw_figures),
    "classes": ("Class by class", classes.draw),
    "reliability": ("Reliability", reliability.draw),
    "copies": ("Copies", near_copies.draw_near_copies),
    "map": ("Map", scatter_map.draw),
    "compare": ("Compare", compare.draw),
    "how": ("Training", how.draw),
}


def _head(runs: list[RunRecord], run: RunRecord) -> str:
    """The title, which model, and which images it is judged by; the latter is returned."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Results")
        if st.button("All models", icon=":material/inventory_2:", type="tertiary"):
            go("models")
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        pick_run(runs, run, key="run")
    with right:
        on = tested_on.choose_tested(run, read_only=_only_looks())
    about = [":material/archive: archived, so it isn’t offered elsewhere"] if run.archived else []
    about += [f"`{escape(tag)}`" for tag in run.tags]
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
    run = next((run for run in runs if run.id == asked and run.state != "done"), None)
    if run is not None and run.state not in GOING:
        st.error(
            f"“{escape(run.name)}” has no results: its training "
            f"{_ENDED.get(run.state, 'failed')}. {escape(run.error)}",
            icon=":material/error:",
        )


def _say_going(runs: list[RunRecord], current: RunRecord | None) -> bool:
    """Say so where a training of the dataset has results soon; whether one has."""
    asked, record = st.query_params.get("run"), current_dataset()
    run = next((run for run in runs if run.id == asked and run.state in GOING), None)
    if run is None and record is not None:
        run = going(runs, record.id)
    if run is not None:
        coming(run.id, alone=current is None or run.id == asked)
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
        more = _SPECIALISTS | tabs({*_SECTIONS, *_SPECIALISTS})
        draw_section(_SECTIONS, view, key=SHOWN, specialists=more)
    else:
        st.info(
            "This model was trained elsewhere and has not been tested yet. Press New test, and "
            "choose a folder with one folder a class, named like its classes.",
            icon=":material/info:",
        )
    if st.button("Try it on new images", type="primary", icon=":material/image_search:"):
        go("predict")


if not say_unknown():
    _page()
