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


def line(record: DatasetRecord) -> None:
    """Draw it, if anything is wrong; the gravest only."""
    if dataset_table(record) is None:
        return
    kept = kept_layout(catalog().workspace, record.id)
    if kept is not None and kept.doubt and not kept.chosen:
        if _said(kept.doubt, "studio-fix-layout"):
            _layout(record)
        return
    found = [each for each in dataset_findings(record) if each.harm >= GRAVE]
    if found and _said(f"{found[0].plainly}.", "studio-fix"):
        st.session_state["looked"] = (record.id, found[0].key)
        go("clean")


def _said(text: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/warning: {escape(text)}")
        return st.button("Fix", key=key)


@st.dialog("How is this folder meant?", width="large")
def _layout(record: DatasetRecord) -> None:
    layout_panel(record)
