"""How the folder was read, and a choice where it may be meant otherwise."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import MEANINGS, Choice, Kind, Outline, kept_layout, save_choice
from core.jobs import kinds
from core.text import escape
from pages._widgets.session import catalog


def layout_panel(record: DatasetRecord) -> None:
    """Say what was put right or is in doubt, with the other readings to choose from."""
    kept = kept_layout(catalog().workspace, record.id)
    if kept is None:
        return
    for note in kept.notes:
        st.caption(escape(note))
    in_doubt = bool(kept.doubt) and not kept.chosen
    if not in_doubt and kept.outline.kind != "classes":
        st.caption(escape(kept.reason))
    if in_doubt:
        st.warning(escape(kept.doubt), icon=":material/help:")
        _ways(record, kept.outline.kind, [kept.outline, *kept.others])
    elif kept.chosen or kept.others:
        with st.expander("Read the folder differently"):
            _ways(record, kept.outline.kind, list(kept.others), automatic=kept.chosen)


def _ways(
    record: DatasetRecord, now: Kind, ways: list[Outline], *, automatic: bool = False
) -> None:
    for way in ways:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{MEANINGS[way.kind]}**: {escape(way.sentence())}")
            word = "Yes, this" if way.kind == now else "Read it so"
            if st.button(word, key=f"layout-{way.kind}"):
                _read(record, Choice(way.kind))
    if automatic and st.button("Let Lightbox judge again", key="layout-auto"):
        _read(record, Choice())


def _read(record: DatasetRecord, choice: Choice) -> None:
    save_choice(catalog().workspace, record.id, choice)
    kinds.submit_scan(catalog(), record.id)
    st.rerun()
