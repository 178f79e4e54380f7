"""Home: what this is, the sample one click away, what I have, and what to do next."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.datasets import intake
from core.jobs import kinds
from core.text import ago, escape, images, percent, plural
from pages._widgets.job import watch
from pages._widgets.session import (
    catalog,
    choose_dataset,
    choose_run,
    current_dataset,
    dataset_findings,
)
from pages._widgets.steps import go

_RUN_STATES = {
    "queued": ":material/schedule: waiting",
    "held": ":material/schedule: waiting",
    "running": ":material/play_circle: training",
    "failed": ":material/error: failed",
    "cancelled": ":material/block: cancelled",
    "interrupted": ":material/error: interrupted",
}


def _welcome(records: list[DatasetRecord]) -> None:
    st.title("From folders of images to a classifier you can trust")
    st.write(
        "Put your photos into folders, one folder a class. Lightbox finds what is broken, trains a "
        "model while you watch, and tells you honestly how good it is. Everything stays on this "
        "computer."
    )
    with st.container(horizontal=True):
        sample = any(record.origin == "sample" and record.state == "ready" for record in records)
        if st.button(
            "Open the sample" if sample else "Train on the sample",
            type="secondary" if records else "primary",
            icon=":material/auto_awesome:",
            help="1,797 handwritten digits, from images to a tested model in about a minute.",
        ):
            record = intake.add_sample(catalog())
            choose_dataset(record.id)
            choose_run(None)
            if record.state != "ready" and not _importing(record):
                kinds.submit_import(catalog(), record.id, then_train=True)
            go("data" if sample else "train")
        if st.button("Add your own images", icon=":material/add_photo_alternate:"):
            st.session_state["adding"] = True
            go("data")


def _importing(record: DatasetRecord) -> bool:
    return record.job_id is not None and not catalog().jobs.get(record.job_id).finished


def _next(record: DatasetRecord | None) -> tuple[str, str, str]:
    """What to do next, why, and on which page."""
    if record is None:
        return "Add images", "Start with the sample, or with images of your own.", "data"
    name = escape(record.name)
    if record.state != "ready":
        return "Look at the import", f"“{name}” is not ready yet.", "data"
    runs = catalog().runs.all(record.id)
    if any(run.state in ("queued", "running") for run in runs):
        return "Watch the training", f"A model is being trained on “{name}”.", "train"
    done = [run for run in runs if run.state == "done"]
    if done:
        return "Look at the results", f"“{escape(done[0].name)}” is trained and tested.", "results"
    found = [finding for finding in dataset_findings(record) if finding.harm >= 0.3]
    if found:
        flagged = len({path for finding in found for path in finding.paths})
        verb = "deserves" if flagged == 1 else "deserve"
        return "Look at them", f"{images(flagged)} in “{name}” {verb} a look.", "clean"
    return "Train a model", f"“{name}” is ready to train on.", "train"


def _datasets(records: list[DatasetRecord]) -> None:
    st.subheader("My datasets")
    if not records:
        st.caption("None yet. The sample is one click away.")
    for record in records:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container():
                st.markdown(f"**{escape(record.name)}**")
                if record.state == "ready":
                    classes = plural(record.classes, "class", "classes")
                    st.caption(f"{images(record.images)} · {classes} · {ago(record.created_at)}")
                elif record.state == "failed":
                    st.caption(f":material/error: {escape(record.problem)}")
                else:
                    st.caption(":material/hourglass_top: being imported")
            if st.button("Open", key=f"open-{record.id}"):
                choose_dataset(record.id)
                go("data")


def _models(runs: list[RunRecord]) -> None:
    st.subheader("My models")
    if not runs:
        st.caption("None yet. Train one on a dataset.")
    for run in runs[:20]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container():
                st.markdown(f"**{escape(run.name)}**")
                accuracy = run.summary.test_accuracy
                if run.state == "done" and accuracy is not None:
                    tested = images(run.summary.test_images)
                    text = f"{percent(accuracy)} right on {tested}" + (
                        "" if run.imported else " it had never seen"
                    )
                else:
                    text = _RUN_STATES.get(run.state, run.state)
                st.caption(f"{text} · {ago(run.created_at)}")
            if st.button("Open", key=f"open-{run.id}"):
                choose_dataset(run.dataset_id)
                choose_run(run.id)
                go("results" if run.state == "done" else "train")
    if runs and st.button("All models", icon=":material/inventory_2:", type="tertiary"):
        go("models")


store = catalog()
everything = store.datasets.all()
_welcome(everything)
current = current_dataset()
if current is not None:
    action, why, where = _next(current)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/arrow_forward: **Next:** {why}")
        if st.button(action, type="primary"):
            go(where)
    if current.state == "importing" and _importing(current):
        watch(current.job_id or "")
left, right = st.columns(2, gap="large")
with left:
    _datasets(everything)
with right:
    _models(store.runs.all())
