"""Data: bring images in, and see what is there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.catalog import DatasetRecord
from core.datasets import intake
from core.jobs import handlers
from core.quality import curation
from core.quality.curation import usable
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.intake import add_panel
from pages._widgets.job import watch
from pages._widgets.plain import escape, images, shorten, size, some
from pages._widgets.session import (
    catalog,
    choose_dataset,
    current_dataset,
    dataset_table,
    thumbnails,
)
from pages._widgets.steps import go


def _choose(records: list[DatasetRecord], record: DatasetRecord) -> DatasetRecord:
    names = {each.id: each.name for each in records}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Dataset",
            list(names),
            index=list(names).index(record.id),
            format_func=names.__getitem__,
            key=f"dataset-{record.id}-{len(records)}",
        )
        if st.button("Add a dataset", icon=":material/add:"):
            st.session_state["adding"] = not st.session_state.get("adding")
            st.rerun()
    if chosen != record.id:
        choose_dataset(chosen)
        st.rerun()
    return record


def _importing(record: DatasetRecord) -> None:
    job = catalog().jobs.get(record.job_id) if record.job_id else None
    if job is not None and not job.finished:
        st.subheader(f"Importing “{escape(record.name)}”")
        watch(job.id)
        return
    said = record.problem or (job.error if job else "") or "The import did not finish."
    st.error(escape(said), icon=":material/error:")
    with st.container(horizontal=True):
        if st.button("Try again", icon=":material/refresh:", type="primary"):
            catalog().datasets.set(record.id, state="importing", problem="")
            handlers.submit_import(catalog(), record.id)
            st.rerun()
        if st.button("Remove it", icon=":material/delete:"):
            intake.remove(catalog(), record.id)
            choose_dataset(None)
            st.rerun()


def _overview(table: pd.DataFrame) -> None:
    good = usable(table)
    counts = good["label"].value_counts().sort_index()
    left_out = len(table) - len(good)
    with st.container(horizontal=True, gap="large"):
        st.metric("Usable images", f"{len(good):,}")
        st.metric("Classes", f"{len(counts):,}")
        st.metric(
            "Left out", f"{left_out:,}", help="Images that can't be read, or that you excluded."
        )
        st.metric("On disk", size(float(table["bytes"].sum())))
    if len(counts) == 1:
        st.warning(
            "This dataset has one class only. A classifier needs at least two to tell apart: add a "
            "folder of images for another class.",
            icon=":material/warning:",
        )
    single = [str(label) for label, count in counts.items() if count == 1]
    if single and len(counts) > 1:
        names = ", ".join(f"“{escape(shorten(label))}”" for label in single[:5])
        st.warning(
            f"{names} has one image only: the model can learn from it, but can't be tested on it. "
            "Add more.",
            icon=":material/warning:",
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Images in each class")
        st.plotly_chart(charts.class_counts({str(k): int(v) for k, v in counts.items()}))
        with st.expander("As a table"):
            st.dataframe(
                pd.DataFrame({"class": counts.index, "images": counts.to_numpy()}), hide_index=True
            )
    with right:
        st.subheader("Sizes")
        if len(good):
            common = good.groupby(["width", "height"]).size().idxmax()
            st.caption(
                f"From {good['width'].min()} × {good['height'].min()} to {good['width'].max()} × "
                f"{good['height'].max()} pixels; most often {common[0]} × {common[1]}. "
                "Training resizes them all alike."
            )
            st.plotly_chart(charts.image_sizes(good))
        formats = good["format"].value_counts()
        st.caption("File types: " + ", ".join(f"{k} {v:,}" for k, v in formats.items()))


def _samples(record: DatasetRecord, table: pd.DataFrame) -> None:
    st.subheader("Images")
    good = usable(table)
    labels = sorted(good["label"].unique())
    picked = st.selectbox(
        "Class", ["A few of each class", *labels], format_func=lambda label: shorten(str(label), 60)
    )
    if picked == "A few of each class":
        each = max(2, 60 // max(1, len(labels)))
        shown = good.groupby("label", sort=True).head(each)
    else:
        shown = good[good["label"] == picked]
    part = shown.iloc[page_of(len(shown), key=f"page-{record.id}-{picked}")]
    pictures = thumbnails(record.id, part)
    gallery(
        [
            Tile(row.path, picture, str(row.label), title=row.path, tiny=row.width <= 48)
            for row, picture in zip(part.itertuples(), pictures, strict=True)
        ],
        key=f"samples-{record.id}",
        label="Sample images",
    )


def _left_out(record: DatasetRecord, table: pd.DataFrame) -> None:
    broken = table[table["status"] != "ok"]
    rows = [
        *curation.skipped(catalog(), record.id),
        *zip(broken["path"], broken["problem"], strict=True),
    ]
    if not rows:
        return
    with st.expander(f"{some(len(rows), 'file')} left out, and why"):
        st.dataframe(pd.DataFrame(rows, columns=["file", "why"]), hide_index=True)


def _manage(record: DatasetRecord) -> None:
    with st.expander("Rename, scan again or remove"):
        name = st.text_input("Name", record.name, key=f"rename-{record.id}")
        with st.container(horizontal=True):
            if st.button("Rename", disabled=name == record.name):
                catalog().datasets.rename(record.id, name)
                st.rerun()
            if st.button(
                "Scan again",
                icon=":material/refresh:",
                help="Look for new, changed and removed files.",
            ):
                handlers.submit_scan(catalog(), record.id)
                st.rerun()
        sure = st.checkbox(
            "Yes, forget this dataset"
            + (
                ". My own folder stays as it is."
                if record.origin == "folder"
                else " and delete the copies that were uploaded."
            )
        )
        if st.button("Remove the dataset", icon=":material/delete:", disabled=not sure):
            intake.remove(catalog(), record.id)
            choose_dataset(None)
            st.rerun()


everything = catalog().datasets.all()
current = current_dataset()
if current is None or st.session_state.get("adding"):
    st.title("Add images" if current else "Data")
    if current is not None and st.button("Back to the dataset", icon=":material/arrow_back:"):
        st.session_state["adding"] = False
        st.rerun()
    add_panel(everything)
else:
    current = _choose(everything, current)
    facts = dataset_table(current)
    if facts is None or current.state == "failed":
        _importing(current)
    else:
        job = catalog().jobs.get(current.job_id) if current.job_id else None
        if job is not None and not job.finished:
            watch(job.id)
        elif job is not None and job.state in ("failed", "interrupted") and job.error:
            st.warning(f"The last scan did not finish. {escape(job.error)}")
        with st.container(horizontal=True):
            if st.button("Next: clean", type="primary", icon=":material/arrow_forward:"):
                go("clean")
            if st.button("Train now", icon=":material/play_arrow:"):
                go("train")
        _overview(facts)
        _samples(current, facts)
        _left_out(current, facts)
        _manage(current)
        st.caption(f"Read from {escape(str(catalog().workspace.load_path(current.root)))}; "
                   f"{images(len(facts))} found.")  # fmt: skip
