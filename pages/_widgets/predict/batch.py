"""Batch: a whole folder of images answered in the background, counted, looked at and taken away."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.addresses import shown
from core.api import batches as addresses
from core.api import downloads
from core.catalog import JobRecord, RunRecord
from core.charts import class_counts
from core.inference.batch_results import FORMATS, Summary, summarise
from core.inference.batch_store import (
    Batch,
    batches,
    delete_batch,
    done_of,
    images_of,
    job_of,
    new_batch,
)
from core.jobs.kinds import resume_batch, submit_batch, submit_sort
from core.text import ago, duration, escape, images, shorten
from pages._widgets.bring_images import bring_images
from pages._widgets.job import act, delete_popover, watch, watched
from pages._widgets.one_of import choose
from pages._widgets.pictures import plot
from pages._widgets.predict.batch_gallery import draw_gallery
from pages._widgets.session import catalog
from pages._widgets.sure import sure_popover
from pages._widgets.uploader import forget_upload

_STATES = {
    "interrupted": "It was interrupted; what was answered is kept.",
    "cancelled": "You stopped it; what was answered is kept.",
    "failed": "It could not be finished; what was answered is kept.",
}
_SHORT = {"csv": "CSV", "json": "JSON", "jsonl": "JSON Lines", "parquet": "Parquet"}


def draw(run: RunRecord) -> None:
    known = batches(catalog().workspace, run.id)
    if not known:
        st.write(
            "Ask this model about a whole folder of images, as many as you like. It is done in the "
            "background: you may close this page meanwhile."
        )
        _form(run)
        return
    batch = _choose(run, known)
    if batch is None:
        _form(run)
    else:
        _one(run, batch)


def _choose(run: RunRecord, known: list[Batch]) -> Batch | None:
    """The batch to show: the newest, unless another was chosen; ``None`` for a new one."""
    names = {each.id: f"{shorten(each.name)} · {ago(each.at)}" for each in known}
    chosen = choose("Batch", names | {"": "New batch …"}, key=f"batch-{run.id}")
    return next((each for each in known if each.id == chosen), None)


def _form(run: RunRecord) -> None:
    came = bring_images("batch", run.id, "Answer", "images")
    if isinstance(came, Path):
        _start(run, new_batch(catalog(), run.id, came))
    elif came is not None and came.file:
        _start(run, new_batch(catalog(), run.id, archive=came.token, name=came.file))
    elif came is not None:
        name = came.folder or "Uploaded images"
        _start(run, new_batch(catalog(), run.id, upload=came.token, name=name))
    st.caption("Folders inside count too. What can’t be read is listed and stops nothing.")


def _start(run: RunRecord, batch: Batch) -> None:
    submit_batch(catalog(), batch)
    forget_upload()
    st.session_state.pop(f"batch-{run.id}", None)
    st.rerun()


def _one(run: RunRecord, batch: Batch) -> None:
    """A batch that is being answered, was cut off, or is done."""
    job, done = job_of(catalog(), batch), done_of(catalog().workspace, batch)
    if done is None:
        if job is None or job.finished:
            _cut_off(batch, job)
            return
        st.markdown(f"Answering **{escape(shorten(batch.name))}**")
        watch(job.id)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        folder = images_of(catalog().workspace, batch)
        place = "Uploaded images" if batch.uploaded else shown(folder)
        st.caption(
            f"{escape(place)} · {images(done.images)} · answered {ago(batch.at)} in "
            f"{duration(done.seconds)} ({done.rate:,.0f} a second)."
        )
        _delete(batch)
    threshold = sure_popover(run)
    counted = summarise(catalog().workspace, batch, threshold)
    _counts(counted)
    _take_away(batch, threshold, counted)
    draw_gallery(batch, counted)


def _cut_off(batch: Batch, job: JobRecord | None) -> None:
    state = job.state if job is not None else "interrupted"
    st.warning(_STATES.get(state, _STATES["interrupted"]), icon=":material/pause_circle:")
    if job is not None and job.error:
        st.caption(escape(job.error))
    with st.container(horizontal=True, gap="small"):
        if job is not None:
            act(
                "Go on",
                (resume_batch, catalog(), batch),
                icon="play_arrow",
                key=f"batch-on-{batch.id}",
                type="primary",
            )
        _delete(batch)


def _delete(batch: Batch) -> None:
    stays = " and the uploaded images." if batch.uploaded else "; the images stay."
    does, key = (delete_batch, catalog(), batch), f"batch-delete-{batch.id}"
    delete_popover("batch", f"Deletes its answers{stays}", does, key=key)


def _counts(counted: Summary) -> None:
    with st.container(horizontal=True, gap="large"):
        for name, count in (
            ("Sure", sum(counted.classes.values())),
            ("Unsure", counted.unsure),
            ("Can’t be read", counted.unreadable),
        ):
            st.metric(name, f"{count:,}", width="content")
    if counted.sentence:
        st.markdown(f":material/help: {counted.sentence}")
    bars = {label: count for label, count in counted.classes.items() if count}
    if counted.unsure:
        bars["(unsure)"] = counted.unsure
    if bars:
        plot(class_counts(bars))
    with st.expander("As a table"):
        rows = [
            *counted.classes.items(),
            ("(unsure)", counted.unsure),
            ("(can’t be read)", counted.unreadable),
        ]
        st.dataframe(
            {"class": [label for label, _ in rows], "images": [count for _, count in rows]},
            hide_index=True,
        )


def _take_away(batch: Batch, threshold: float, counted: Summary) -> None:
    st.markdown("**Take away**")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for kind, text in FORMATS.items():
            st.link_button(
                _SHORT[kind],
                addresses.address(batch, kind, threshold),
                help=f"{text}.",
                icon=":material/download:",
            )
        if counted.images > counted.unreadable:
            act(
                "Sort into folders",
                (_sort, batch, threshold),
                icon="drive_file_move",
                key=f"batch-sort-{batch.id}",
                help="A .zip with a copy of each image in a folder of its class, and those less "
                "sure than the threshold in “unsure”. Your images stay where they are.",
            )
    _sorted(batch)


def _sort(batch: Batch, threshold: float) -> None:
    job = submit_sort(catalog(), batch, threshold)
    st.session_state[f"batch-sorting-{batch.id}"] = job.id


def _sorted(batch: Batch) -> None:
    """The .zip of sorted images: being packed, to be fetched, or why there is none."""
    job_id = st.session_state.get(f"batch-sorting-{batch.id}")
    if job_id is None:
        return
    job = catalog().jobs.get(job_id)
    if watched(job):
        return
    result = catalog().jobs.latest_event(job_id, "result")
    if job.state != "done" or result is None:
        if job.state != "cancelled":
            st.error(escape(job.error or "It did not finish."), icon=":material/error:")
        return
    left_out = len(result.payload["left_out"])
    st.link_button(
        f"Download {images(result.payload['images'])} as .zip",
        f"{downloads.PREFIX}/{job.spec['token']}",
        icon=":material/folder_zip:",
        type="primary",
    )
    if left_out:
        st.caption(f"{images(left_out)} had gone meanwhile and could not be copied.")
