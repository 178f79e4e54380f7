"""Data: bring images in, and see what is there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.datasets import intake
from core.jobs import kinds
from core.quality import curation
from core.quality.curation import usable
from core.quality.distributions import within
from core.text import escape, images, plural, shorten
from pages._widgets.changes import changes_panel
from pages._widgets.classes import asked_for_images, classes_panel
from pages._widgets.decided import last_decision
from pages._widgets.distributions import Chosen, chips, distributions
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.intake import add_panel
from pages._widgets.job import watch
from pages._widgets.layout import layout_panel
from pages._widgets.overview import overview
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
            kinds.submit_import(catalog(), record.id)
            st.rerun()
        if st.button("Remove it", icon=":material/delete:"):
            intake.remove(catalog(), record.id)
            choose_dataset(None)
            st.rerun()


_FEW = "A few of each class"


def _samples(record: DatasetRecord, good: pd.DataFrame, chosen: Chosen) -> None:
    st.subheader("Images")
    chips(chosen)
    shown = within(good, chosen)
    picked = _FEW
    if "class" not in chosen:
        every = "All classes" if chosen else _FEW
        labels = sorted(good["label"].unique())
        picked = st.selectbox(
            "Class",
            [_FEW, *labels],
            format_func=lambda label: every if label == _FEW else shorten(str(label), 60),
        )
    if picked != _FEW:
        shown = shown[shown["label"] == picked]
    if chosen:
        said = f"{len(shown):,} of {images(len(good))}"
        st.caption(said)
        if st.session_state.get("filter-said") != chosen:
            # The bars may be far above the pictures that they choose.
            st.toast(f"{said}, shown below", icon=":material/filter_alt:")
    elif picked == _FEW:
        each = max(2, 60 // max(1, good["label"].nunique()))
        shown = shown.groupby("label", sort=True).head(each)
    st.session_state["filter-said"] = chosen
    part = shown.iloc[page_of(len(shown), key=f"page-{record.id}-{picked}-{chosen}")]
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
    with st.expander(f"{plural(len(rows), 'file')} left out, and why"):
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
                kinds.submit_scan(catalog(), record.id)
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
        layout_panel(current)
        last_decision(current)
        asked = asked_for_images(current)
        if asked:
            classes_panel(current, facts)
        overview(facts)
        good = usable(facts)
        _samples(current, good, distributions(current, good))
        _left_out(current, facts)
        if not asked:
            classes_panel(current, facts)
        changes_panel(current)
        _manage(current)
        st.caption(
            f"Read from {escape(str(catalog().workspace.load_path(current.root)))}; "
            f"{images(len(facts))} found."
        )
