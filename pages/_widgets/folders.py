"""A folder on this computer or in a bucket, typed or found by clicking, within what the
configuration allows."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import settings
from core.addresses import shown
from core.datasets import intake
from core.text import escape, plural

_AT_MOST = 60


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
