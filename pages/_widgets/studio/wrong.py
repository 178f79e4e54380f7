"""One line about what is wrong with the photos, and the way to mend it."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import kept_layout
from core.quality.findings import GRAVE
from core.text import escape
from pages._widgets.layout import layout_panel
from pages._widgets.session import catalog, dataset_findings, dataset_table
from pages._widgets.steps import go

_ASKED = "studio-layout"


def line(record: DatasetRecord) -> None:
    """Draw it, if anything is wrong; the gravest only."""
    if dataset_table(record) is None:
        return
    if plainly := _in_doubt(record):
        if _said(f"{plainly}.", "studio-fix-layout"):
            st.session_state[_ASKED] = record.id
            st.rerun()
        return
    found = [each for each in dataset_findings(record) if each.harm >= GRAVE]
    if found and _said(f"{found[0].plainly}.", "studio-fix"):
        st.session_state["looked"] = (record.id, found[0].key)
        go("clean")


def _said(text: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/warning: {escape(text)}")
        return st.button("Fix", key=key)


def _in_doubt(record: DatasetRecord) -> str:
    kept = kept_layout(catalog().workspace, record.id)
    return kept.plainly if kept is not None else ""


def layout_asked(record: DatasetRecord) -> bool:
    """Show how the folder may be meant, where somebody wanted to choose, until they have."""
    if st.session_state.get(_ASKED) != record.id or not _in_doubt(record):
        return False
    _layout(record)
    return True


def _dismissed() -> None:
    st.session_state.pop(_ASKED, None)


@st.dialog("How is this folder meant?", width="large", on_dismiss=_dismissed)
def _layout(record: DatasetRecord) -> None:
    layout_panel(record)
