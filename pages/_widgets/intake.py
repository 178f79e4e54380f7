"""The four ways in, each with its form, its progress and its result."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import settings
from core.catalog import DatasetRecord
from core.datasets import intake
from core.datasets.upload import UploadStage
from core.errors import InvalidInput
from core.jobs import handlers
from pages._widgets.plain import escape, images, some
from pages._widgets.session import catalog, choose_dataset

_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "jfif", "jpe", "dib"]
WAYS = {
    "Upload a folder": ":material/drive_folder_upload:",
    "Upload an archive": ":material/folder_zip:",
    "Folder on this computer": ":material/folder_open:",
    "Images into one class": ":material/add_photo_alternate:",
    "Sample": ":material/auto_awesome:",
}


def add_panel(records: list[DatasetRecord]) -> None:
    """Choose a way in, and go it."""
    way = st.segmented_control(
        "How do you want to add images?",
        list(WAYS),
        format_func=lambda name: f"{WAYS[name]} {name}",
        default="Upload a folder",
        key="way",
    )
    if way == "Upload a folder":
        _folder_upload()
    elif way == "Upload an archive":
        _archive()
    elif way == "Folder on this computer":
        _server_folder()
    elif way == "Images into one class":
        _one_class(records)
    elif way == "Sample":
        st.write("1,797 handwritten digits from 0 to 9. Nothing is downloaded.")
        if st.button("Use the sample", type="primary"):
            record = intake.add_sample(catalog())
            if record.state != "ready":
                handlers.submit_import(catalog(), record.id)
            _added(record)


def _fresh(key: str) -> str:
    """A widget key that changes after each upload, which empties the uploader and its memory."""
    return f"{key}-{st.session_state.setdefault('uploads', 0)}"


def _added(record: DatasetRecord) -> None:
    choose_dataset(record.id)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    st.session_state["adding"] = False
    st.rerun()


def _folder_upload() -> None:
    st.write(
        "Choose a folder that holds one folder a class, for example `photos/cats` and `photos/dogs`. "
        "Folders named train, val and test are understood too."
    )
    files = st.file_uploader(
        "Folder with class folders",
        accept_multiple_files="directory",
        type=_TYPES,
        key=_fresh("folder"),
    )
    if not files:
        return
    first = files[0].name.replace("\\", "/").split("/")
    suggested = first[0] if len(first) > 1 else "Uploaded images"
    name = st.text_input("Name of the dataset", suggested[:100], key=_fresh("folder-name"))
    if st.button(f"Import {images(len(files))}", type="primary", key="import-folder"):
        _check_name(name)
        stage = _stage([(file.name, file) for file in files])
        record = stage.finish(catalog(), name)
        handlers.submit_import(catalog(), record.id)
        _added(record)


def _check_name(name: str) -> None:
    """Refuse a taken or impossible name before thousands of files are copied."""
    from core.catalog.datasets import clean_name

    wanted = clean_name(name)
    if any(record.name == wanted for record in catalog().datasets.all()):
        free = catalog().datasets.free_name(wanted)
        raise InvalidInput(
            f"There is already a dataset named “{wanted}”.",
            remedy=f"Choose another name, for example “{free}”.",
        )


def _stage(files: list, into_class: str | None = None) -> UploadStage:
    """Copy uploaded files into the workspace, with progress."""
    stage = UploadStage(catalog().workspace)
    bar = st.progress(0.0, text="Taking in images")
    try:
        for number, (name, file) in enumerate(files):
            stage.add(name, file, into_class=into_class)
            if number % 50 == 0:
                bar.progress(number / len(files), text=f"Taking in {number:,} of {len(files):,}")
    except BaseException:
        stage.abandon()
        raise
    finally:
        bar.empty()
    return stage


def _archive() -> None:
    st.write("A .zip or .tar archive (also .tar.gz, .tar.bz2, .tar.xz) with one folder a class.")
    file = st.file_uploader(
        "Archive", type=["zip", "tar", "gz", "tgz", "bz2", "xz"], key=_fresh("archive")
    )
    if file is None:
        return
    suggested = catalog().datasets.free_name(file.name.split(".")[0][:90] or "archive")
    name = st.text_input("Name of the dataset", suggested, key=_fresh("archive-name"))
    if st.button("Import the archive", type="primary"):
        with st.spinner("Looking into the archive …"):
            record = intake.add_archive(catalog(), file, file.name, name)
        handlers.submit_import(catalog(), record.id)
        _added(record)


def _server_folder() -> None:
    roots = settings.load().roots
    st.write(
        "The images stay where they are; Lightbox only reads them. Folders inside "
        + " and ".join(f"`{root}`" for root in roots)
        + " can be used."
    )
    here = st.session_state.get("browse") or str(roots[0])
    typed = st.text_input("Folder", here, key=f"folder-path-{here}")
    path = Path(typed)
    with st.container(horizontal=True):
        add = st.button("Use this folder", type="primary")
        above = path.parent
        may_go_up = above != path and any(above.is_relative_to(root) for root in roots)
        if may_go_up and st.button("One level up", icon=":material/arrow_upward:"):
            st.session_state["browse"] = str(above)
            st.rerun()
    if add:
        record = intake.add_folder(catalog(), path, restrict=True)
        handlers.submit_import(catalog(), record.id)
        _added(record)
    inside = intake.subfolders(path)
    if inside:
        st.caption(f"{some(len(inside), 'folder')} inside:")
        with st.container(horizontal=True, gap="small"):
            for name in inside[:60]:
                if st.button(escape(name), icon=":material/folder:", key=f"into-{path}/{name}"):
                    st.session_state["browse"] = str(path / name)
                    st.rerun()


def _one_class(records: list[DatasetRecord]) -> None:
    st.write("Many images that all show the same thing, into one class of a dataset.")
    own = [record for record in records if record.origin != "folder" and record.state == "ready"]
    target = st.selectbox(
        "Into",
        [None, *[record.id for record in own]],
        format_func=lambda one: (
            "a new dataset"
            if one is None
            else next(record.name for record in own if record.id == one)
        ),
        help="Datasets that are folders on this computer are only read; copy images there yourself.",
    )
    label = st.text_input("Class", placeholder="cats", key=_fresh("class")).strip()
    name = (
        st.text_input("Name of the dataset", "My images", key=_fresh("class-name"))
        if target is None
        else ""
    )
    files = st.file_uploader(
        "Images of this class", accept_multiple_files=True, type=_TYPES, key=_fresh("files")
    )
    if st.button("Add them", type="primary", disabled=not files):
        if not label:
            raise InvalidInput("The class needs a name.", remedy="Type what the images show.")
        if target is None:
            _check_name(name)
        stage = _stage([(file.name, file) for file in files or []], into_class=label)
        if target is None:
            record = stage.finish(catalog(), name)
            handlers.submit_import(catalog(), record.id)
        else:
            stage.add_to(catalog(), target)
            record = catalog().datasets.get(target)
            handlers.submit_scan(catalog(), record.id)
        _added(record)
