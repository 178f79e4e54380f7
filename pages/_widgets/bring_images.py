"""Where new images come from: a folder on this computer or in a bucket, an upload, an archive."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import settings
from core.addresses import shown
from core.datasets import intake
from core.datasets.intake import check_allowed
from core.text import escape, images, plural, size
from pages._widgets.one_of import one_of
from pages._widgets.uploader import Uploaded, fresh, uploader

_AT_MOST = 60
_WAYS = {
    "server": ":material/folder_open: Folder on this computer",
    "folder": ":material/drive_folder_upload: Upload a folder",
    "archive": ":material/folder_zip: Upload an archive",
}


def choose_folder(place: str, action: str = "Use this folder") -> Path | None:
    """Draw the field, the button and the folders inside; the folder, in the run of the page in
    which the button was pressed.

    Args:
        place: keeps what was typed here apart from what was typed on other pages.
    """
    roots = settings.load().roots
    st.write(
        "The images stay where they are; Lightbox only reads them. Folders inside "
        + " and ".join(f"`{shown(root)}`" for root in roots)
        + " can be used."
    )
    kept = f"{place}-browse"
    here = shown(st.session_state.get(kept) or roots[0])
    path = Path(st.text_input("Folder", here, key=f"{place}-path-{here}").strip())
    with st.container(horizontal=True):
        chosen = st.button(action, type="primary", key=f"{place}-use")
        above = path.parent
        may_go_up = above != path and any(above.is_relative_to(root) for root in roots)
        if may_go_up and st.button(
            "One level up", icon=":material/arrow_upward:", key=f"{place}-up"
        ):
            st.session_state[kept] = str(above)
            st.rerun()
    if chosen:
        return path
    inside = intake.subfolders(path)
    if inside:
        st.caption(f"{plural(len(inside), 'folder')} inside:")
        with st.container(horizontal=True, gap="small"):
            for name in inside[:_AT_MOST]:
                if st.button(escape(name), icon=":material/folder:", key=f"into-{path}/{name}"):
                    st.session_state[kept] = str(path / name)
                    st.rerun()
    return None


def bring_images(key: str, run_id: str, verb: str, what: str) -> Path | Uploaded | None:
    """Draw the choice; a folder or a complete upload, once its button was pressed.

    Args:
        key: tells the pages' choices apart.
        verb: what is done with them, on the buttons: ``Test on`` makes “Test on 12 images”.
        what: that is chosen: ``images`` or ``class folders``.
    """
    way = one_of("Where are the images?", _WAYS, key=f"{key}-way-{run_id}", visible=True)
    if way == "server":
        folder = choose_folder(key, f"{verb} this folder")
        return check_allowed(folder) if folder is not None else None
    place = fresh(f"{key}-{run_id}")
    if way == "folder":
        came = uploader(f"Folder with {what}", "folder", f"{place}-folder")
        button = f"{place}-go"
    else:
        came = uploader(f"Archive of {what}", "archive", f"{place}-archive")
        button = f"{place}-archive-go"
    if came is None:
        return None
    st.caption(f"{escape(came.file) or images(came.taken)} ({size(came.bytes)}) uploaded.")
    wanted = "this archive" if came.file else images(came.taken)
    return came if st.button(f"{verb} {wanted}", type="primary", key=button) else None
