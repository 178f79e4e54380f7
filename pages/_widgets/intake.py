"""The ways in, each with its form, its progress and its result."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.addresses import shown
from core.catalog import DatasetRecord
from core.catalog.datasets import clean_name
from core.datasets import intake
from core.datasets.known_sets import KNOWN
from core.datasets.sample import SAMPLES
from core.datasets.upload import UploadStage
from core.errors import InvalidInput
from core.jobs import kinds
from core.text import escape, images, plural, size
from pages._widgets.bring_images import choose_folder
from pages._widgets.files import list_files
from pages._widgets.one_of import one_of
from pages._widgets.session import catalog, choose_dataset, job_of
from pages._widgets.uploader import Uploaded, forget_upload, fresh, uploader

# The folder that was chosen and is a dataset already, and that dataset.
_AGAIN = "folder-again"


def add_panel() -> None:
    """The ways in, and the form of the one that is chosen."""
    names = {name: f":material/{icon}: {name}" for name, (icon, _) in _WAYS.items()}
    way = one_of("How do you want to add images?", names, key="way", visible=True)
    _WAYS[way][1]()


def import_once(record: DatasetRecord, *, then_train: bool = False) -> None:
    """Queue the import of a dataset that is known already, if it is neither here nor on its way."""
    job = job_of(record)
    if record.state != "ready" and (job is None or job.finished):
        kinds.submit_import(catalog(), record.id, then_train=then_train)


def _added(record: DatasetRecord) -> None:
    choose_dataset(record.id)
    forget_upload()
    st.session_state["adding"] = False
    st.rerun()


def _folder_upload() -> None:
    st.write(
        "Choose a folder that holds one folder a class, for example `photos/cats` and "
        "`photos/dogs`. Folders named train, val and test are understood too."
    )
    came = uploader("Folder with class folders", "folder", fresh("folder"))
    if came is None:
        return
    _report(came)
    suggested = catalog().datasets.free_name((came.folder or "Uploaded images")[:90])
    name = st.text_input("Name of the dataset", suggested, key=fresh("folder-name"))
    if st.button(f"Import {images(came.taken)}", type="primary", key="import-folder"):
        _check_name(name)
        stage = UploadStage(catalog().workspace, came.token)
        record = stage.finish(catalog(), name, [*came.refused, *came.failed])
        kinds.submit_import(catalog(), record.id)
        _added(record)


def _report(came: Uploaded) -> None:
    """What came in and what did not, with the reason."""
    done = f"{images(came.taken)} ({size(came.bytes)}) uploaded."
    if not came.failed:
        st.success(done, icon=":material/check_circle:")
    else:
        st.warning(
            f"{done} {plural(len(came.failed), 'file')} did not arrive: go on with what is here, "
            "or choose the folder again.",
            icon=":material/warning:",
        )
    left = [*came.failed, *came.refused]
    if left:
        with st.expander(
            f"{plural(len(left), 'file')} not taken, and why", expanded=bool(came.failed)
        ):
            list_files(left)


def _check_name(name: str) -> None:
    """Refuse a taken or impossible name before thousands of files are copied."""
    wanted = clean_name(name)
    if any(record.name == wanted for record in catalog().datasets.all()):
        free = catalog().datasets.free_name(wanted)
        raise InvalidInput(
            f"There is already a dataset named “{wanted}”.",
            remedy=f"Choose another name, for example “{free}”.",
        )


def _archive() -> None:
    st.write("A .zip or .tar archive (also .tar.gz, .tar.bz2, .tar.xz) with one folder a class.")
    came = uploader("Archive", "archive", fresh("archive"))
    if came is None:
        return
    st.success(
        f"{escape(came.file)} ({size(came.bytes)}) uploaded.", icon=":material/check_circle:"
    )
    suggested = catalog().datasets.free_name(came.file.split(".")[0][:90] or "archive")
    name = st.text_input("Name of the dataset", suggested, key=fresh("archive-name"))
    if st.button("Import the archive", type="primary"):
        _check_name(name)
        stage = UploadStage(catalog().workspace, came.token)
        with st.spinner("Looking into the archive …"):
            record = intake.add_archive(catalog(), stage.archive, came.file, name, take=True)
        stage.abandon()
        kinds.submit_import(catalog(), record.id)
        _added(record)


def _server_folder() -> None:
    path = choose_folder("import")
    if path is not None:
        known = intake.of_folder(catalog(), path)
        st.session_state[_AGAIN] = (path, known[0].id) if known else None
        if not known:
            _point_at(path)
    if again := st.session_state.get(_AGAIN):
        _again(*again)


def _again(path: Path, known_id: str) -> None:
    """A folder that is a dataset already is rarely meant to be another one."""
    known = next((each for each in catalog().datasets.all() if each.id == known_id), None)
    if known is None:
        return
    st.info(
        f"{escape(shown(path))} is here already, as the dataset “{escape(known.name)}”. Added once "
        "more it is a dataset of its own: what you decide in one isn't seen in the other.",
        icon=":material/info:",
    )
    with st.container(horizontal=True):
        if st.button(f"Open “{escape(known.name)}”", type="primary", key="known-open"):
            st.session_state[_AGAIN] = None
            _added(known)
        if st.button("Add it once more", key="known-again"):
            st.session_state[_AGAIN] = None
            _point_at(path)


def _point_at(path: Path) -> None:
    record = intake.add_folder(catalog(), path, restrict=True)
    kinds.submit_import(catalog(), record.id)
    _added(record)


def _known_set() -> None:
    st.write(
        "Datasets that everybody knows, to try things out and to compare results with others'."
    )
    key = st.radio(
        "Dataset",
        list(KNOWN),
        format_func=lambda one: KNOWN[one].title,
        captions=[each.sentence for each in KNOWN.values()],
        key="known",
    )
    known = KNOWN[key]
    how = (
        "Its files are on this computer already; nothing is downloaded."
        if known.is_downloaded
        else f"{size(known.download_bytes)} will be downloaded, and kept for the next time."
    )
    st.caption(
        f"{images(known.images)} of {plural(len(known.classes), 'class', 'classes')}"
        f"{', with a test set of their own' if known.read else ''}. Licence: {known.licence}. {how}"
    )
    if st.button(f"Get {known.title}", type="primary"):
        record = intake.add_known(catalog(), key)
        import_once(record)
        _added(record)


def _sample() -> None:
    key = st.radio(
        "Sample",
        list(SAMPLES),
        format_func=lambda each: SAMPLES[each].sentence,
        label_visibility="collapsed",
    )
    if st.button("Use the sample", type="primary"):
        record = intake.add_sample(catalog(), key)
        import_once(record)
        _added(record)


def _one_class() -> None:
    st.write("Many images that all show the same thing, into one class of a dataset.")
    own = {each.id: each.name for each in catalog().datasets.all() if each.state == "ready"}
    target = st.selectbox(
        "Into",
        [None, *own],
        format_func=lambda one: "a new dataset" if one is None else own[one],
        help="A folder of your own stays as it is; what you add to it is kept in Lightbox.",
    )
    label = st.text_input("Class", placeholder="cats", key=fresh("class")).strip()
    name = (
        st.text_input("Name of the dataset", "My images", key=fresh("class-name"))
        if target is None
        else ""
    )
    came = uploader("Images of this class", "files", fresh("files"))
    if came is not None:
        _report(came)
    if st.button("Add them", type="primary", disabled=came is None) and came is not None:
        if target is None:
            _check_name(name)
        stage = UploadStage(catalog().workspace, came.token)
        stage.gather(label)
        if target is None:
            record = stage.finish(catalog(), name, [*came.refused, *came.failed])
            kinds.submit_import(catalog(), record.id)
        else:
            stage.add_to(catalog(), target)
            record = catalog().datasets.get(target)
            kinds.submit_scan(catalog(), record.id)
        _added(record)


_WAYS = {
    "Upload a folder": ("drive_folder_upload", _folder_upload),
    "Upload an archive": ("folder_zip", _archive),
    "Folder on this computer": ("folder_open", _server_folder),
    "Images into one class": ("add_photo_alternate", _one_class),
    "Known sets": ("public", _known_set),
    "Sample": ("auto_awesome", _sample),
}
