"""What is wrong with the photos, a line each, and the way to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import KeptLayout, kept_layout
from core.quality import curation, first_look
from core.text import escape
from pages._widgets.layout import layout_panel
from pages._widgets.session import catalog, dataset_findings, dataset_table, forget
from pages._widgets.steps import go
from pages._widgets.studio import doing

_ASKED = "studio-layout"
_MOST = 3


def lines(record: DatasetRecord) -> None:
    """Draw all that is to be told of the photos and of how their folder was read, the most
    important first."""
    if (table := dataset_table(record)) is None:
        return
    store = catalog()
    kept = kept_layout(store.workspace, record.id)
    skipped = curation.skipped(store, record.id)
    labels = table.loc[~table["excluded"], "label"].unique()
    told = first_look.lines(kept, dataset_findings(record), skipped, labels)
    drawn: Counter[str] = Counter()
    for line in told:
        drawn[line.kind] += 1
        if drawn[line.kind] <= _MOST and _line(line, kept, drawn[line.kind]):
            st.session_state[_ASKED] = _state(record)
            st.rerun()
        if line.kind == "finding" and drawn["finding"] == _MOST:
            _others([each.text for each in told if each.kind == "finding"][_MOST:])


def _others(texts: Sequence[str]) -> None:
    """What else was found, in one line."""
    also = "; ".join(text.rstrip(".") for text in texts)
    if also and _said("warning", f"Also: {also}.", "See all", "studio-fix-others"):
        go("clean")


def _line(line: first_look.Line, kept: KeptLayout | None, number: int) -> bool:
    """Draw one, the first or a later of its kind; whether somebody wants to choose how the folder
    is read."""
    if line.kind == "doubt":
        return _said("warning", line.text, "Fix", "studio-fix-layout")
    if line.kind == "finding":
        if _said("warning", line.text, "Fix", f"studio-fix-{line.key}"):
            go("clean", look=line.key)
    elif line.kind == "left out" and line.trouble:
        if _said("info", line.text, "See which", "studio-left-out"):
            go("data")
    elif line.kind == "names":
        st.caption(escape(line.text))
    elif line.kind == "alike":
        return _said("warning", line.text, "Fix", f"studio-alike-{number}")
    elif line.kind == "together":
        return _said("info", line.text, "Choose", "studio-together")
    elif line.kind == "understood" and kept is not None and not kept.plainly:
        change = "Change" if kept.others or kept.chosen else ""
        if kept.outline.kind != "classes" or change:
            return _said("info", line.text, change, "studio-change-layout")
    return False


def _said(icon: str, text: str, word: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/{icon}: {escape(text)}", width="stretch")
        return bool(word) and st.button(word, key=key)


def _state(record: DatasetRecord) -> tuple[str, str | None, int]:
    """What a choice is asked about: the images as they were read and decided about by then."""
    return record.id, record.job_id, record.version


def layout_asked(record: DatasetRecord) -> bool:
    """Show how the folder may be meant, where somebody wanted to choose, until that is done."""
    asked = st.session_state.get(_ASKED)
    if asked != _state(record):
        if asked is not None:
            forget(_ASKED)
            doing.say_decided(record)
        return False
    _layout(record)
    return True


@st.dialog("How is this folder meant?", width="large", on_dismiss=partial(forget, _ASKED))
def _layout(record: DatasetRecord) -> None:
    layout_panel(record)
