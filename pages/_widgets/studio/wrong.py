"""What is wrong with the photos, a line each, and the way to mend it."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import MEANINGS, KeptLayout, Outline, kept_layout
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
    if (kept := kept_layout(catalog().workspace, record.id)) is not None:
        _reading(record, kept)
    for each in [each for each in dataset_findings(record) if each.harm >= GRAVE][:_MOST]:
        if _said("warning", f"{each.plainly}.", "Fix", f"studio-fix-{each.key}"):
            go("clean", look=each.key)


def _reading(record: DatasetRecord, kept: KeptLayout) -> None:
    """How the folder was understood, where that isn't plain, and what was put right on the way."""
    asks = False
    if kept.plainly:
        asks = _said("warning", f"{kept.plainly}.", "Fix", "studio-fix-layout")
    elif kept.outline.kind != "classes":
        change = "Change" if kept.others or kept.chosen else ""
        asks = _said("info", _understood(kept.outline), change, "studio-change-layout")
    if asks:
        st.session_state[_ASKED] = (record.id, record.job_id)
        st.rerun()
    for note in kept.notes[:_MOST]:
        st.caption(escape(note))


def _understood(outline: Outline) -> str:
    if not outline.splits:
        return f"{MEANINGS[outline.kind]}."
    parts = ", ".join(f"“{name}” {count:,}" for name, count in outline.splits.items())
    return f"What is learned from and what is tested, as your folders say: {parts}."


def _said(icon: str, text: str, word: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/{icon}: {escape(text)}", width="stretch")
        return bool(word) and st.button(word, key=key)


def layout_asked(record: DatasetRecord) -> bool:
    """Show how the folder may be meant, where somebody wanted to choose, until it is read anew."""
    if st.session_state.get(_ASKED) != (record.id, record.job_id):
        return False
    _layout(record)
    return True


def _dismissed() -> None:
    st.session_state.pop(_ASKED, None)


@st.dialog("How is this folder meant?", width="large", on_dismiss=_dismissed)
def _layout(record: DatasetRecord) -> None:
    layout_panel(record)
