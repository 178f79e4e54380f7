"""A training run while it runs: where it is, its curves, what it answers, and what can be done."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import charts
from core.catalog import RunRecord
from core.jobs.live import Curves, curves, live
from core.text import duration, escape, percent, plain_number
from core.training.spec import SETTINGS
from pages._widgets.controls import Stage, controls, stage
from pages._widgets.job import progress_bar
from pages._widgets.sample_predictions import draw_samples
from pages._widgets.session import catalog

EVERY_S = 1.0
_WHAT = {
    "loss": "Loss: how wrong, lower is better",
    "accuracy": "Accuracy: the share that is right",
    "f1": "F1: precision and recall in one, every class counting the same",
    "balanced_accuracy": "Balanced accuracy: every class counting the same",
    "precision": "Precision: of the answers of a class, the share that is right",
    "recall": "Recall: of the images of a class, the share that is found",
    "top_3": "Top 3: the right class is among the first three",
    "auc": "AUC: how well right and wrong are kept apart",
}


@st.fragment(run_every=EVERY_S)
def watch_training(run_id: str) -> None:
    """Show a run until it ends, then run the page again. Only call it for one that has not."""
    run = catalog().runs.get(run_id)
    view = live(catalog(), run.job_id)
    if view.job.finished:
        st.rerun(scope="app")
    so_far, at = curves(catalog(), run.job_id), stage(view)
    progress_bar(view)
    # Each in a place of its own, that is there from the start: what appears in one leaves the
    # others where they are, so that charts aren't drawn anew.
    with st.container():
        _metrics(run, so_far, at)
    with st.container():
        latest = so_far.batches[-1] if so_far.batches else {}
        controls(view, at, latest.get("learning_rate", run.spec.get("learning_rate")))
    with st.container():
        say_diagnoses(so_far)
    with st.container():
        draw_ladder(so_far.rungs)
    with st.container():
        draw_curves(so_far)
    with st.container():
        draw_samples(run, so_far.snapshot)
    for note in so_far.notes:
        st.caption(f":material/info: {escape(note)}")


def _metrics(run: RunRecord, so_far: Curves, at: Stage) -> None:
    if not so_far.batches:
        return
    latest = so_far.batches[-1]
    with st.container(horizontal=True, gap="medium"):
        # First what is there to the end, so that nothing moves when the rest goes.
        _metric(
            "Epoch",
            f"{latest['epoch']} of {latest['epochs']}",
            "An epoch is one look at every training image.",
        )
        best, metric = so_far.best, run.spec.get("best_by", "accuracy")
        if best is not None and best.get(f"val_{metric}") is not None:
            value = best[f"val_{metric}"]
            _metric(
                f"Best {metric.replace('_', ' ')} so far",
                f"{value:.3f}" if metric == "loss" else percent(value),
                f"On the validation images, after epoch {best['epoch']}. They choose the epoch "
                "that is kept, and are not trained on.",
            )
        if at == "fit":
            if latest.get("images_per_s"):
                _metric("Speed", f"{latest['images_per_s']:,.0f} images/s")
            if latest.get("learning_rate") is not None:
                _metric(
                    SETTINGS["learning_rate"].label,
                    plain_number(latest["learning_rate"]),
                    "How big each step is, now.",
                )
            if latest.get("memory_mb"):
                _metric(
                    "Memory",
                    f"{latest['memory_mb'] / 1000:.1f} GB",
                    "What the process that trains holds.",
                )


def _metric(label: str, value: str, help: str | None = None) -> None:
    st.metric(label, value, help=help, width="content")


def say_diagnoses(so_far: Curves, *, done: bool = False) -> None:
    """What the curves say, and what to do about it; the latest last.

    Args:
        done: leave out what was advice for the running training only.
    """
    said = [
        f"{escape(found['text'])}  \n:material/lightbulb: {escape(found['remedy'])}"
        for found in so_far.diagnoses
        if not (done and found["key"] == "plateau")
    ]
    if said:
        st.warning("\n\n".join(said), icon=":material/monitoring:")


def draw_ladder(rungs: list[dict[str, Any]], *, key: str = "ladder", done: bool = False) -> None:
    """What Auto has tried, by time and by how often it was right.

    Args:
        done: what was kept in the end is said elsewhere.
    """
    if not rungs:
        return
    best = next((rung for rung in reversed(rungs) if rung["kept"]), None)
    if best is not None and not done:
        _metric(
            "Best so far",
            percent(best["accuracy"]),
            "The share that is right, of images that it was not fitted on. The test has no part in "
            "this.",
        )
        st.caption(escape(f"{best['what']}."))
    st.caption("Each point is one way that was tried.")
    drawn = charts.ladder(rungs)
    st.vega_lite_chart(drawn.rows, drawn.spec, key=key)


def draw_curves(so_far: Curves, *, key: str = "curve") -> None:
    """Loss and accuracy side by side, then another metric (if there is one) and the learning rate.

    Args:
        key: begins the names of the widgets; another one for another place on the same page.
    """
    if not so_far.batches and not so_far.epochs:
        return
    left, right = st.columns(2, gap="medium")
    smoothing = st.session_state.get(f"{key}-smoothing", 0)
    for place, metric in ((left, "loss"), (right, "accuracy")):
        with place:
            st.caption(_WHAT[metric])
            _chart(so_far, metric, smoothing, key)
    left, right = st.columns(2, gap="medium")
    with left:
        st.slider(
            "Smoothing",
            0,
            99,
            0,
            step=1,
            format="%d %%",
            key=f"{key}-smoothing",
            help="Of the pale line within epochs: how much of each point is taken from the points "
            "before it. The lines with markers, one point an epoch, stay as they are.",
        )
        more = _more(so_far)
        if more:
            chosen = st.selectbox(
                "One more metric",
                more,
                key=f"{key}-more",
                format_func=lambda name: _WHAT.get(name, name.replace("_", " ")),
            )
            _chart(so_far, chosen, smoothing, key, "chosen")
    with right:
        st.caption("Learning rate: how big the steps are")
        drawn = charts.learning_rate(so_far.epochs, so_far.batches)
        st.vega_lite_chart(drawn.rows, drawn.spec, key=f"{key}-rate")


def _chart(so_far: Curves, metric: str, smoothing: int, key: str, name: str = "") -> None:
    drawn = charts.curves(so_far.epochs, so_far.batches, metric, smoothing=smoothing / 100)
    st.vega_lite_chart(drawn.rows, drawn.spec, key=f"{key}-{name or metric}")


def _more(so_far: Curves) -> list[str]:
    """Metrics that finished epochs have, besides loss and accuracy."""
    found: dict[str, None] = {}
    for entry in (so_far.epochs[:1] + so_far.epochs[-1:]) if so_far.epochs else []:
        names = (name for name, value in entry.items() if isinstance(value, float))
        found |= dict.fromkeys(name.removeprefix("val_") for name in names if "val_" in name)
    return [name for name in found if name not in ("loss", "accuracy")]


def training_seconds(run: RunRecord) -> str:
    """How long a finished run took, by phase, in words."""
    seconds = run.summary.seconds
    names = {
        "decode": "reading images",
        "features": "features",
        "fit": "training",
        "export": "saving and checking",
        "evaluate": "testing",
    }
    parts = [f"{names.get(k, k)} {duration(v)}" for k, v in seconds.items() if v >= 0.5]
    return f"{duration(sum(seconds.values()))} in all" + (f" ({', '.join(parts)})" if parts else "")
