"""A training run while it runs: curves, where it is, how long it takes still, and Stop."""

from __future__ import annotations

import streamlit as st

from core import charts
from core.catalog import RunRecord
from core.jobs.live import Curves, Live, curves, live
from pages._widgets.job import progress_bar
from pages._widgets.plain import duration, escape, percent
from pages._widgets.session import catalog

EVERY_S = 0.7


@st.fragment(run_every=EVERY_S)
def watch_training(run_id: str) -> None:
    """Show a run until it ends, then run the page again. Only call it for one that has not."""
    run = catalog().runs.get(run_id)
    view = live(catalog(), run.job_id)
    if view.job.finished:
        st.rerun(scope="app")
    so_far = curves(catalog(), run.job_id)
    _where(view, so_far)
    _stop(view)
    draw_curves(so_far)
    for note in so_far.notes:
        st.caption(f":material/info: {escape(note)}")


def _where(view: Live, so_far: Curves) -> None:
    progress_bar(view)
    with st.container(horizontal=True, gap="large"):
        latest = so_far.batches[-1] if so_far.batches else None
        if latest is not None and view.job.phase == "fit":
            st.metric("Epoch", f"{latest['epoch']} of {latest['epochs']}",
                      help="An epoch is one look at every training image.")  # fmt: skip
            st.metric("Batch", f"{latest['batch']} of {latest['batches']}",
                      help="A batch is the handful of images that one step learns from.")  # fmt: skip
            if latest.get("images_per_s"):
                st.metric("Speed", f"{latest['images_per_s']:,.0f} images/s")
        best = so_far.best
        if best is not None and best.get("val_accuracy") is not None:
            st.metric(
                "Best so far",
                percent(best["val_accuracy"]),
                help="Accuracy on the validation images: they choose the best epoch, and are not "
                "trained on.",
            )


def _stop(view: Live) -> None:
    if view.job.cancel_requested:
        st.info("Stopping. The best so far is kept, saved and tested.", icon=":material/hourglass:")
        return
    fitting = view.job.phase == "fit"
    # A callback, since the click may come together with a rerun of the whole page.
    st.button(
        "Stop and keep the best so far" if fitting else "Cancel",
        icon=":material/stop_circle:",
        key=f"stop-{view.job.id}",
        on_click=catalog().jobs.request_cancel,
        args=(view.job.id,),
    )


def draw_curves(so_far: Curves) -> None:
    """Loss and accuracy, side by side."""
    if not so_far.batches and not so_far.epochs:
        return
    left, right = st.columns(2, gap="medium")
    for place, metric, what in (
        (left, "loss", "Loss: how wrong, lower is better"),
        (right, "accuracy", "Accuracy: the share that is right"),
    ):
        with place:
            st.caption(what)
            figure = charts.curves(so_far.epochs, so_far.batches, metric)
            st.plotly_chart(figure, key=f"curve-{metric}", config={"displayModeBar": False})


def training_seconds(run: RunRecord) -> str:
    """How long a finished run took, by phase, in words."""
    seconds = run.summary.get("seconds", {})
    names = {
        "decode": "reading images",
        "features": "features",
        "fit": "training",
        "export": "saving and checking",
        "evaluate": "testing",
    }
    parts = [f"{names.get(k, k)} {duration(v)}" for k, v in seconds.items() if v >= 0.5]
    return f"{duration(sum(seconds.values()))} in all" + (f" ({', '.join(parts)})" if parts else "")
