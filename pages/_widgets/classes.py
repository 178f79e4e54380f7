"""Classes: another name, several into one, and more images for one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.catalog.datasets import tidy
from core.datasets.upload import UploadStage, new_token
from core.datasets.webcam import Shots
from core.jobs import kinds
from core.quality import by_hand
from core.quality.class_names import meant_class, renamed
from core.quality.classes import images_of
from core.text import escape, images, plural, shorten
from pages._widgets.decided import decide, offer_back
from pages._widgets.files import list_files
from pages._widgets.gallery import Tile, gallery
from pages._widgets.one_of import choose, one_of
from pages._widgets.session import catalog, next_turn, turn
from pages._widgets.uploader import forget_upload, fresh, uploader

_WAYS = {
    "Rename": ":material/edit: Rename",
    "Merge": ":material/merge: Merge",
    "Add images": ":material/add_photo_alternate: Add images",
}
_SOURCES = {"Files": ":material/upload: Files", "Webcam": ":material/photo_camera: Webcam"}
_NEW = "\x00new"


def ask_for_images(dataset_id: str, label: str) -> None:
    """Let the panel of a dataset be open where images are added to a class, when it is drawn
    next."""
    st.session_state[f"classes-{dataset_id}"] = True
    st.session_state[f"classes-way-{dataset_id}"] = "Add images"
    st.session_state[f"add-to-{dataset_id}"] = label
    st.session_state["images-asked-for"] = dataset_id


def asked_for_images(record: DatasetRecord) -> bool:
    """Whether another page has led here to add images, until the panel is closed."""
    if st.session_state.get("images-asked-for") != record.id:
        return False
    if not st.session_state.get(f"classes-{record.id}", False):
        del st.session_state["images-asked-for"]
        return False
    return True


def classes_panel(record: DatasetRecord, table: pd.DataFrame) -> None:
    """Draw it, for a curated table."""
    panel = st.expander(
        "Classes: rename, merge, add images",
        icon=":material/category:",
        key=f"classes-{record.id}",
        on_change="rerun",
    )
    if not panel.open:
        # The camera must not be on unless somebody asks for it.
        return
    with panel:
        way = one_of("What to do", _WAYS, key=f"classes-way-{record.id}")
        labels = sorted(table["label"].unique())
        if way == "Rename":
            _rename(record, labels)
        elif way == "Merge":
            _merge(record, table, labels)
        elif way == "Add images":
            _add(record, labels)


def _rename(record: DatasetRecord, labels: list[str]) -> None:
    left, right = st.columns(2)
    with left:
        names = {label: shorten(label, 60) for label in labels}
        label = choose("Class to rename", names, key=f"rename-class-{record.id}")
    name = right.text_input("Its new name", label, key=f"rename-to-{record.id}-{label}")
    if st.button("Rename the class", disabled=name == label or not tidy(name)):
        versions = by_hand.rename_class(catalog(), record.id, label, name)
        if versions:
            offer_back(record, versions, renamed(label, name))


def _merge(record: DatasetRecord, table: pd.DataFrame, labels: list[str]) -> None:
    left, right = st.columns(2)
    chosen = left.multiselect(
        "Classes to merge",
        labels,
        format_func=lambda label: shorten(label, 60),
        key=f"merge-{record.id}",
    )
    first = chosen[0] if chosen else ""
    name = right.text_input("Name of the merged class", first, key=f"merge-to-{record.id}-{first}")
    wanted = name if name in labels else tidy(name)
    if chosen and wanted in labels and wanted not in chosen:
        st.caption(
            f":material/info: There is a class “{escape(shorten(wanted))}” already; they become "
            "part of it."
        )
    whole = {*chosen, wanted} & set(labels)
    count = int(table["label"].isin(whole).sum())
    text = f"Merge {plural(len(whole), 'class', 'classes')}, {images(count)}" if whole else "Merge"
    if st.button(text, disabled=len(whole) < 2 or not wanted, key="merge-classes"):
        paths = images_of(catalog(), record.id, chosen, wanted)
        decide(record, "relabel", paths, f"{plural(len(whole), 'class', 'classes')} merged", wanted)


def _add(record: DatasetRecord, labels: list[str]) -> None:
    if record.origin == "folder":
        st.caption(
            "This dataset is a folder of your own. It stays as it is; what you add is kept in "
            "Lightbox, and learned from with it."
        )
    left, right = st.columns(2)
    with left:
        names = {label: shorten(label, 60) for label in labels} | {_NEW: "a new class"}
        label = choose("Into class", names, key=f"add-to-{record.id}")
        if label == _NEW:
            label = st.text_input(
                "Name of the new class", placeholder="cats", key=f"add-new-{record.id}"
            )
            label = tidy(label)
    with right:
        source = one_of("From", _SOURCES, key=f"add-from-{record.id}", visible=True)
    if source == "Webcam":
        _webcam(record, label, labels)
    elif source == "Files":
        _files(record, label, labels)


def _files(record: DatasetRecord, label: str, labels: list[str]) -> None:
    came = uploader("Images of this class", "files", fresh(f"class-{record.id}"))
    if came is None:
        return
    left = [*came.failed, *came.refused]
    if left:
        st.caption(f"{plural(len(left), 'file')} not taken:")
        list_files(left)
    if st.button(_adding(images(came.taken), label), type="primary", disabled=not label):
        stage = UploadStage(catalog().workspace, came.token)
        stage.gather(meant_class(label, labels))
        stage.add_to(catalog(), record.id)
        forget_upload()
        kinds.submit_scan(catalog(), record.id)
        st.rerun()


def _webcam(record: DatasetRecord, label: str, labels: list[str]) -> None:
    tokens = st.session_state.setdefault("shots", {})
    shots = Shots(catalog().workspace, tokens.setdefault(record.id, new_token()))
    # A camera of another number is empty, ready for the next photo.
    left, right = st.columns(2, gap="large")
    photo = left.camera_input(
        "Take one photo after the other",
        key=f"camera-{record.id}-{turn('camera')}",
        resolution="720p",
    )
    if photo is not None:
        shots.add(photo.getvalue())
        next_turn("camera")
        st.rerun()
    taken = shots.all()
    with right:
        if not taken:
            st.caption("Photos that you take gather here until you add them.")
            return
        chosen = gallery(
            [Tile(shot.id, shot.preview, f"photo {n}") for n, shot in enumerate(taken, 1)],
            key=f"shots-{record.id}",
            label="Photos from the webcam",
            pick=True,
        )
        with st.container(horizontal=True):
            add = st.button(
                _adding(plural(len(taken), "photo"), label), type="primary", disabled=not label
            )
            if st.button("Throw away selected", icon=":material/delete:", disabled=not chosen):
                for shot in chosen:
                    shots.drop(shot)
                st.rerun()
        if add:
            shots.add_to(catalog(), record.id, meant_class(label, labels))
            kinds.submit_scan(catalog(), record.id)
            st.rerun()


def _adding(what: str, label: str) -> str:
    return f"Add {what} to “{escape(shorten(label))}”" if label else f"Add {what}"
