"""A model beside others: is it really better, on which images, with which settings, at what
cost."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import RunRecord
from core.evaluation.comparison.compare import Comparison, Measured
from core.evaluation.comparison.compare import compare as compare_runs
from core.evaluation.comparison.paired import in_words
from core.evaluation.predictions import evaluated_on
from core.jobs import kinds
from core.runs.files import RunFiles
from core.text import escape, percent, plural, shorten
from pages._widgets.job import attempt
from pages._widgets.pick_run import scored
from pages._widgets.results import beside, flips, near_copies
from pages._widgets.results.view import View, about
from pages._widgets.session import catalog

_MOST = 5


def draw(view: View) -> None:
    st.subheader("Beside other models")
    others = _choose(view)
    if others:
        found = [_compared(view, other) for other in others]
        for one in found:
            _verdict(one)
        if len(found) > 1:
            st.caption(
                "Each is compared with this model by itself. Among many comparisons, about one in "
                "twenty looks like more than chance without being it."
            )
        _metrics(found)
        flips.draw_flips(view, found)
        beside.draw_settings([view.run, *others])
        beside.draw_curves([view.run, *others])
        beside.draw_costs(view, [view.run, *others])
    near_copies.draw_near_copies(view)


def _choose(view: View) -> list[RunRecord]:
    """The runs to compare with, of those that were tested on the same."""
    runs = [run for run in catalog().runs.all() if run.state == "done" and run.id != view.run.id]
    known = {run.id: run for run in runs}
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
        format_func=lambda each: _name(known[each]),
        placeholder="Choose one or several models",
    )
    if not chosen:
        st.caption("Choose a model above to see which of the two is better, and on which images.")
    good = [each for each in chosen if view.on in evaluated_on(catalog().workspace, each)]
    for each in chosen:
        if each not in good:
            _not_tested(view, known[each])
    return [known[each] for each in good]


def _name(run: RunRecord) -> str:
    accuracy = run.summary.test_accuracy
    return run.name if accuracy is None else scored(run.name, accuracy)


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
            st.button(
                "Test it on them",
                key=f"test-too-{run.id}",
                icon=":material/play_arrow:",
                on_click=attempt,
                args=(kinds.submit_evaluate, catalog(), run.id, folder),
            )


def _compared(view: View, other: RunRecord) -> Comparison:
    stamps = tuple(_stamp(run.id, view.on) for run in (view.run, other))
    home = str(catalog().workspace.home)
    return _comparison(home, view.run, other, view.on, stamps, _key(view.run) + _key(other))


def _key(run: RunRecord) -> tuple[str, str]:
    return run.id, run.name


@st.cache_resource(show_spinner=False, max_entries=32)
def _comparison(
    home: str,
    _first: RunRecord,
    _second: RunRecord,
    on: str,
    stamps: tuple[float, ...],
    names: tuple[str, ...],
) -> Comparison:
    del home, stamps, names  # parts of the key only
    return compare_runs(catalog(), _first, _second, on)


def _stamp(run_id: str, on: str) -> float:
    return RunFiles(catalog().workspace, run_id).test(on).changed


def _verdict(found: Comparison) -> None:
    pair = found.paired
    sentence = in_words(pair, escape(found.first.name), escape(found.second.name))
    with st.container(border=True):
        if not pair.images:
            st.markdown(f":material/block: {sentence}")
        else:
            icon = "trophy" if pair.beyond_chance else "balance"
            st.markdown(f"**:material/{icon}: {sentence}**")
            low, high = (f"{100 * each:+.1f}".replace("-", "−") for each in (pair.low, pair.high))
            middle = f"{100 * pair.difference:+.1f}".replace("-", "−")
            st.markdown(
                f"“{escape(found.first.name)}” {percent(pair.first)}, "
                f"“{escape(found.second.name)}” {percent(pair.second)}: a difference of {middle} "
                f"percentage points, likely between {low} and {high}."
            )
        for caution in found.cautions:
            st.markdown(f":material/info: {escape(caution)}")
        if pair.images:
            st.caption(
                "p is how often two equally good models would differ by so much or more (McNemar’s "
                "exact test); below 0.05 counts as more than chance. 95 % interval by Newcombe’s "
                "method 10 for two models on the same images."
            )


def _metrics(found: list[Comparison]) -> None:
    with_images = [one for one in found if one.paired.images]
    if not with_images:
        return
    st.markdown("**Metrics on the images that both were tested on**")
    for one in with_images:
        if len(with_images) > 1:
            st.caption(f"With “{escape(one.second.name)}”, {plural(one.paired.images, 'image')}:")
        table = pd.DataFrame(
            {
                "metric": [each.name for each in one.metrics],
                one.first.name: [_value(each, each.first) for each in one.metrics],
                one.second.name: [_value(each, each.second) for each in one.metrics],
                "difference": [
                    _change(each, each.difference) + (" points" if each.share else "")
                    for each in one.metrics
                ],
                "95 % interval": [
                    f"{_change(each, each.low)} to {_change(each, each.high)}"
                    for each in one.metrics
                ],
                f"{shorten(one.second.name, 24)} is": [_judged(each) for each in one.metrics],
                "meaning": [f"{each.meaning} Interval: {each.method}." for each in one.metrics],
            }
        )
        st.dataframe(table, hide_index=True)


def _value(metric: Measured, value: float) -> str:
    return percent(value) if metric.share else f"{value:.4f}"


def _change(metric: Measured, value: float) -> str:
    text = f"{value * 100:+.1f}" if metric.share else f"{value:+.4f}"
    return text.replace("-", "−")


def _judged(metric: Measured) -> str:
    if not metric.beyond_chance:
        return "within chance of it"
    return "better" if (metric.difference > 0) != metric.lower_is_better else "worse"
