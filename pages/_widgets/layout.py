"""How the folder was read, what belongs together in it, and a choice where either may be meant
otherwise."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import (
    MEANINGS,
    Choice,
    KeptLayout,
    Kind,
    Outline,
    kept_layout,
    load_choice,
    save_choice,
)
from core.jobs import kinds
from core.text import escape, plural
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
    _together(record, kept)


def _ways(
    record: DatasetRecord, now: Kind, ways: list[Outline], *, automatic: bool = False
) -> None:
    for way in ways:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{MEANINGS[way.kind]}**: {escape(way.sentence())}")
            word = "Yes, this" if way.kind == now else "Read it so"
            if st.button(word, key=f"layout-{way.kind}"):
                _read(record, replace(_chosen(record), kind=way.kind, table=None, labels=None))
    if automatic and st.button("Let Lightbox judge again", key="layout-auto"):
        _read(record, replace(_chosen(record), kind=None, table=None, labels=None))


def _together(record: DatasetRecord, kept: KeptLayout) -> None:
    """What says which images belong together: as it was chosen, or to be chosen."""
    if kept.together is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/link: Kept together: **{plural(kept.together.groups, 'group')}** by "
                f"{escape(kept.together.title)}. A group is trained on or tested, never both."
            )
            if st.button("Undo", key="together-off"):
                _read(record, replace(_chosen(record), together=None))
        return
    if not kept.ways:
        return
    with st.container(border=True):
        st.markdown(
            ":material/link: **Do some of these images belong together?** Images of one patient, "
            "one camera, one day or one video are alike in ways that have nothing to do with "
            "their class. A test on people that the model has seen flatters it."
        )
        for number, way in enumerate(kept.ways):
            with st.container(horizontal=True, vertical_alignment="center"):
                value, path = way.example
                st.markdown(
                    f"{escape(way.title.capitalize())}: {plural(way.groups, 'group')}, for example "
                    f"**{escape(value)}** of `{path}`"
                )
                if st.button("Keep these together", key=f"together-{number}"):
                    _read(record, replace(_chosen(record), together=way.key))


def _chosen(record: DatasetRecord) -> Choice:
    return load_choice(catalog().workspace, record.id)


def _read(record: DatasetRecord, choice: Choice) -> None:
    save_choice(catalog().workspace, record.id, choice)
    kinds.submit_scan(catalog(), record.id)
    st.rerun()
