"""Data: bring images in, and see what is there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import pandas as pd
import streamlit as st

from core.addresses import shown
from core.catalog import DatasetRecord
from core.datasets import removal
from core.jobs import kinds
from core.quality import curation, first_look
from core.quality.shown import Rows, Shown
from core.quality.shown import shown as shown_images
from core.text import apart, escape, images, plural, shorten
from pages._widgets.changes import changes_panel
from pages._widgets.classes import asked_for_images, classes_panel
from pages._widgets.decided import last_decision
from pages._widgets.distributions import chips, distributions, overview
from pages._widgets.files import list_files
from pages._widgets.gallery import gallery, page_of, photo_tiles
from pages._widgets.gone import datasets_bin, removed
from pages._widgets.intake import add_panel
from pages._widgets.job import watch, watched
from pages._widgets.layout import layout_panel
from pages._widgets.one_of import choose
from pages._widgets.session import (
    catalog,
    choose_dataset,
    current_dataset,
    dataset_table,
    job_of,
)
from pages._widgets.steps import empty, lead
from pages._widgets.visible import visible_popover

_ACROSS, _CLASSES, _PHOTOS, _LISTED = 2, 24, 8, 10_000


def _choose(records: list[DatasetRecord], record: DatasetRecord) -> DatasetRecord:
    names = {each.id: each.name for each in records}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"dataset-{record.id}-{len(records)}"
        chosen = choose("Dataset", names, now=record.id, key=key)
        visible_popover(record)
        if st.button("Add a dataset", icon=":material/add:"):
            st.session_state["adding"] = not st.session_state.get("adding")
            st.rerun()
    if chosen != record.id:
        choose_dataset(chosen)
        st.rerun()
    return record


def _importing(record: DatasetRecord) -> None:
    job = job_of(record)
    if job is not None and not job.finished:
        st.header(f"Importing “{escape(record.name)}”")
        watch(job.id)
    else:
        _failed(record)


def _failed(record: DatasetRecord) -> None:
    """An import that came to nothing: why, and what can be done about it."""
    job = job_of(record)
    if record.origin == "studio" and job is None:
        empty("No photos yet", "Record some, or drop them on a class.", "Go to the studio", "home")
        return
    said = record.problem or (job.error if job else "") or "The import did not finish."
    with st.container(border=True, key=f"failed-{record.id}"):
        st.error(
            f"“{escape(shorten(record.name))}” is not imported. {escape(said)}",
            icon=":material/error:",
        )
        with st.container(horizontal=True):
            if st.button("Try again", icon=":material/refresh:", key=f"again-{record.id}"):
                catalog().datasets.set(record.id, state="importing", problem="")
                kinds.submit_import(catalog(), record.id)
                choose_dataset(record.id)
                st.session_state["adding"] = False
                st.rerun()
            if st.button("Remove it", icon=":material/delete:", key=f"remove-{record.id}"):
                removed(record, removal.remove(catalog(), record.id))
                st.rerun()


_ALL = "All classes"


def _photos(record: DatasetRecord, good: Shown) -> None:
    """The photos class by class, or all of one class."""
    labels = list(good.classes)
    picked = st.selectbox(
        "Class",
        [_ALL, *labels],
        format_func=lambda label: shorten(str(label), 60),
        label_visibility="collapsed",
    )
    if picked != _ALL:
        _pictures(record, good, good.of_class(picked), str(picked))
        return
    shown = labels[page_of(len(labels), key=f"classes-page-{record.id}", size=_CLASSES)]
    parts = [good.at(good.of_class(label)[:_PHOTOS]) for label in shown]
    # All at once: where they lie in a store, that is one way there.
    tiles = iter(photo_tiles(record.id, pd.concat(parts), lambda _: "") if parts else [])
    for start in range(0, len(shown), _ACROSS):
        across = st.columns(_ACROSS, gap="medium")
        some = list(zip(shown, parts, strict=True))[start : start + _ACROSS]
        for column, (label, rows) in zip(across, some, strict=False):
            with column, st.container(border=True):
                count = good.classes[label]
                st.markdown(f"**{escape(apart(shorten(str(label), 40)))}** · {count:,}")
                gallery(
                    list(islice(tiles, len(rows))),
                    key=f"class-{record.id}-{label}",
                    label=f"Photos of {label}",
                    row=True,
                )


def _pictures(record: DatasetRecord, good: Shown, rows: Rows, what: str) -> None:
    part = good.at(rows[page_of(len(rows), key=f"page-{record.id}-{what}")])
    gallery(photo_tiles(record.id, part), key=f"samples-{record.id}", label=f"Photos: {what}")


def _like(record: DatasetRecord, good: Shown) -> None:
    """The charts, and below them the photos of the bars that were chosen."""
    chosen = distributions(record, good)
    if not chosen:
        return
    chips(chosen)
    rows = good.within(chosen)
    st.caption(f"{len(rows):,} of {images(len(good))}")
    _pictures(record, good, rows, str(chosen))


def _left_out(left_out: Sequence[tuple[str, str]]) -> None:
    if not left_out:
        return
    with st.expander(f"{plural(len(left_out), 'file')} left out, and why"):
        list_files(left_out, most=_LISTED)
        if len(left_out) > _LISTED:
            st.caption(f"These are the first {_LISTED:,}.")


def _manage(record: DatasetRecord) -> None:
    # Closed for the next one: what removes it would lie where this one's was just pressed.
    with st.expander("Rename, scan again or remove", key=f"manage-{record.id}"):
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
        going = removal.trainings_on(catalog(), record.id)
        sure = True
        if going:
            named = ", ".join(f"“{escape(shorten(run.name, 40))}”" for run in going)
            st.warning(
                f"It is being trained on: {named}. Removing the dataset stops that, and nothing of "
                "it is kept.",
                icon=":material/model_training:",
            )
            sure = st.checkbox("Yes, stop its training and remove this dataset")
        if st.button("Remove the dataset", icon=":material/delete:", disabled=not sure):
            removed(record, removal.remove(catalog(), record.id))
            st.rerun()


everything = catalog().datasets.all()
failed = [record for record in everything if record.state == "failed"]
current = current_dataset()
if current is None:
    # Not said: so the ways in stay when somebody else brings in the first dataset, and an upload
    # that is under way in them is not dropped. Whatever leads to a dataset from here says so.
    st.session_state.pop("adding", None)
if current is None or st.session_state.get("adding", "way" in st.session_state):
    st.title("Add images" if current else "Data")
    if current is not None and st.button("Back to the dataset", icon=":material/arrow_back:"):
        st.session_state["adding"] = False
        st.rerun()
    add_panel()
    for each in failed:
        _failed(each)
    datasets_bin()
else:
    st.title("Data")
    current = _choose(
        [each for each in everything if each not in failed or each == current], current
    )
    facts = dataset_table(current)
    if facts is None or current.state == "failed":
        _importing(current)
    else:
        job = job_of(current)
        watched(job)
        if job is not None and job.state in ("failed", "interrupted") and job.error:
            st.warning(f"The last scan did not finish. {escape(job.error)}")
        with st.container(horizontal=True):
            lead("Next: clean", "clean", icon="arrow_forward", type="primary")
            lead("Train now", "train", icon="play_arrow")
        layout_panel(current)
        last_decision(current)
        asked = asked_for_images(current)
        if asked:
            classes_panel(current, facts)
        good = shown_images(catalog(), current.id, current.version)
        left_out = curation.left_out(catalog(), current.id, good.others())
        _photos(current, good)
        overview(good, len(left_out))
        _like(current, good)
        _left_out(left_out)
        for remark in first_look.remarks(catalog(), current):
            st.caption(escape(remark))
        if not asked:
            classes_panel(current, facts)
        changes_panel(current)
        _manage(current)
        for each in failed:
            _failed(each)
        datasets_bin()
        st.caption(
            f"Read from {escape(shown(catalog().workspace.place_of(current.root)))}; "
            f"{images(len(facts))} found."
        )
