"""What is wrong with the photos, a line each, and the way to mend it."""

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
_MOST = 3


def lines(record: DatasetRecord) -> None:
    """Draw them, if anything is wrong: how the folder was read, then what is grave, the gravest
    first."""
    if dataset_table(record) is None:
        return
    if (plainly := _in_doubt(record)) and _said(f"{plainly}.", "studio-fix-layout"):
        st.session_state[_ASKED] = record.id
        st.rerun()
    for each in [each for each in dataset_findings(record) if each.harm >= GRAVE][:_MOST]:
        if _said(f"{each.plainly}.", f"studio-fix-{each.key}"):
            go("clean", look=each.key)


def _said(text: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
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
