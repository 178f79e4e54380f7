"""Where a model's new images come from: a folder on this computer, an upload, or an archive."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.datasets.intake import check_allowed
from core.text import escape, images, size
from pages._widgets.folders import choose_folder
from pages._widgets.one_of import one_of
from pages._widgets.uploader import Uploaded, uploader

_WAYS = {
    "server": ":material/folder_open: Folder on this computer",
    "folder": ":material/drive_folder_upload: Upload a folder",
    "archive": ":material/folder_zip: Upload an archive",
}


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
    fresh = f"{key}-{run_id}-{st.session_state.setdefault('uploads', 0)}"
    if way == "folder":
        came = uploader(f"Folder with {what}", "folder", f"{fresh}-folder")
        button = f"{fresh}-go"
    else:
        came = uploader(f"Archive of {what}", "archive", f"{fresh}-archive")
        button = f"{fresh}-archive-go"
    if came is None:
        return None
    st.caption(f"{escape(came.file) or images(came.taken)} ({size(came.bytes)}) uploaded.")
    wanted = "this archive" if came.file else images(came.taken)
    return came if st.button(f"{verb} {wanted}", type="primary", key=button) else None


def forget_upload() -> None:
    """Begin with an empty upload the next time: what came in was taken."""
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
