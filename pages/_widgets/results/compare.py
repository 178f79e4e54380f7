"""A model beside others: is it really better, on which images, with which settings, at what
cost."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.evaluation.comparison.compare import Comparison
from core.evaluation.comparison.compare import compare as compare_runs
from core.evaluation.document.comparison import metrics_table, verdict_parts
from core.evaluation.document.parts import Headline
from core.evaluation.predictions import evaluated_on
from core.jobs import kinds
from core.runs.files import RunFiles
from core.text import escape, plural
from pages._widgets.job import act
from pages._widgets.pick_run import scored
from pages._widgets.remembered import remembered
from pages._widgets.results import beside, flips
from pages._widgets.results.document import draw_parts
from pages._widgets.results.view import View, about
from pages._widgets.session import catalog

_MOST = 5


def draw(view: View) -> None:
    st.header("Beside other models")
    others = _choose(view)
    if others:
        found = [_compared(view, other) for other in others]
        for one in found:
            _verdict(view, one)
        if len(found) > 1:
            st.caption(
                "Each is compared with this model by itself. Among many comparisons, about one in "
                "twenty looks like more than chance without being it."
            )
        _metrics(view, found)
        flips.draw_flips(view, found)
        beside.draw_settings([view.run, *others])
        beside.draw_curves([view.run, *others])
        beside.draw_costs(view, [view.run, *others])


def _choose(view: View) -> list[RunRecord]:
    """The runs to compare with, of those that were tested on the same."""
    runs = [run for run in catalog().runs.all() if run.state == "done" and run.id != view.run.id]
    known = {run.id: run for run in runs}
    names = {run.id: run.name if run.summary.test_accuracy is None else scored(run) for run in runs}
    key = f"compare-with-{view.run.id}"
    asked = [each for each in about("compare").get("runs", []) if each in known]
    if asked and st.session_state.get(f"{key}-asked") != asked:
        st.session_state[key] = st.session_state[f"{key}-asked"] = asked
    if not runs:
        st.caption("There is no other model yet. Train another one, and see here which is better.")
        return []
    if key in st.session_state:
        # One may have been deleted since.
        st.session_state[key] = [each for each in st.session_state[key] if each in known]
    else:
        st.session_state[key] = _suggested(view.run, runs)
    chosen = st.multiselect(
        f"Compare “{view.run.name}” with",
        list(known),
        key=key,
        max_selections=_MOST,
        format_func=names.__getitem__,
        placeholder="Choose one or several models",
    )
    if not chosen:
        st.caption("Choose a model above to see which of the two is better, and on which images.")
    good = [each for each in chosen if view.on in evaluated_on(catalog().workspace, each)]
    for each in chosen:
        if each not in good:
            _not_tested(view, known[each])
    return [known[each] for each in good]


def _suggested(run: RunRecord, runs: list[RunRecord]) -> list[str]:
    """The one before it on the same dataset, else the one after it."""
    mine = [other for other in runs if other.dataset_id == run.dataset_id]
    before = [other for other in mine if other.created_at < run.created_at]
    return [other.id for other in (before or mine[::-1])[:1]]


def _not_tested(view: View, run: RunRecord) -> None:
    """Offer to test another model on the folder that is being looked at."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/info: “{escape(run.name)}” was not tested on these images.")
        if catalog().jobs.active("evaluate", run.id) is not None:
            st.caption("It is being tested. Come back in a moment.")
        elif view.on != "test" and not view.read_only:
            folder = catalog().workspace.load_path(view.on)
            act(
                "Test it on them",
                (kinds.submit_evaluate, catalog(), run.id, folder),
                icon="play_arrow",
                key=f"test-too-{run.id}",
            )


def _key(view: View, other: RunRecord) -> list[object]:
    """Which runs, what they are called now, and when each was tested on it."""
    tested = [
        RunFiles(catalog().workspace, run.id).test(view.on).changed for run in (view.run, other)
    ]
    return [view.on, view.run.id, view.run.name, other.id, other.name, *tested]


@remembered(_key, shared=True, max_entries=32)
def _compared(view: View, other: RunRecord) -> Comparison:
    return compare_runs(catalog(), view.run, other, view.on)


def _verdict(view: View, found: Comparison) -> None:
    pair = found.paired
    icon = "block" if not pair.images else "trophy" if pair.beyond_chance else "balance"

    def sentence(part: Headline) -> None:
        st.markdown(f"**:material/{icon}: {escape(part.statement.text)}**")

    with st.container(border=True):
        draw_parts(view, verdict_parts(found), {"sentence": sentence})


def _metrics(view: View, found: list[Comparison]) -> None:
    with_images = [one for one in found if one.paired.images]
    if not with_images:
        return
    st.markdown("**Metrics on the images that both were tested on**")
    for one in with_images:
        if len(with_images) > 1:
            st.caption(f"With “{escape(one.second.name)}”, {plural(one.paired.images, 'image')}:")
        draw_parts(view, [metrics_table(one)])
