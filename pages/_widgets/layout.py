"""How the folder was read, what belongs together in it, and a choice where either may be meant
otherwise."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.layout import (
    MARGIN,
    Choice,
    KeptLayout,
    Outline,
    alike,
    asks_to_merge,
    differ,
    kept_layout,
    load_choice,
    save_choice,
)
from core.jobs import kinds
from core.quality.index import grey_range
from core.text import escape, plural, shorten
from pages._widgets.decided import decide
from pages._widgets.session import catalog, dataset_table, thumbnails

_EACH, _SIDE = 4, 64


def layout_panel(record: DatasetRecord) -> None:
    """Say what was put right or is in doubt, with the other readings to choose from."""
    kept = kept_layout(catalog().workspace, record.id)
    if kept is None:
        return
    table = dataset_table(record)
    for note in kept.notes:
        if not asks_to_merge(note):
            st.caption(escape(note))
    if table is not None:
        _alike(record, table)
    in_doubt = bool(kept.doubt) and not kept.chosen
    if not in_doubt and kept.outline.kind != "classes":
        st.caption(escape(kept.reason))
    if in_doubt:
        st.warning(escape(kept.doubt), icon=":material/help:")
        _ways(record, kept.outline, [kept.outline, *kept.others])
    elif kept.chosen or kept.others:
        with st.expander("Read the folder differently"):
            _ways(record, kept.outline, list(kept.others), automatic=kept.chosen)
    _together(record, kept)
    if table is not None:
        _how_read(record, kept, table)


def _ways(
    record: DatasetRecord, now: Outline, ways: list[Outline], *, automatic: bool = False
) -> None:
    for number, way in enumerate(ways):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape(way.meaning)}**: {escape(way.sentence())}")
            word = "Yes, this" if way == now else "Read it so"
            if st.button(word, key=f"layout-{way.kind}-{number}"):
                chosen = replace(_chosen(record), kind=way.kind, table=None)
                masks = way.masks or chosen.masks
                _read(record, replace(chosen, labels=way.labels or None, masks=masks))
        _pictures(record, way)
    if automatic and st.button("Let Lightbox judge again", key="layout-auto"):
        chosen = replace(_chosen(record), kind=None, table=None)
        _read(record, replace(chosen, labels=None, masks=None))


def _pictures(record: DatasetRecord, way: Outline) -> None:
    """A few images of each of some classes, as this reading has them."""
    paths = [path for some in way.examples.values() for path in some]
    table = dataset_table(record)
    if table is None:
        return
    known = table.set_index("path").reindex(paths)[["thumb_at", "thumb_bytes"]].fillna(0)
    shown = dict(zip(paths, thumbnails(record.id, known), strict=True))
    classes = {label: [shown[p] for p in some if shown[p]] for label, some in way.examples.items()}
    classes = {label: some for label, some in classes.items() if some}
    if not classes:
        return
    for column, (label, some) in zip(
        st.columns(max(4, len(classes))), classes.items(), strict=False
    ):
        with column:
            st.markdown(f"**{escape(shorten(label, 24))}**")
            st.image(some[:_EACH], width=_SIDE)


def _alike(record: DatasetRecord, table: pd.DataFrame) -> None:
    """Classes that may be one, to be merged with a click; Clean's history takes it back."""
    counts = table.loc[~table["excluded"], "label"].value_counts()
    for number, group in enumerate(alike(counts.index)):
        into = max(group, key=lambda label: (counts[label], label))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/merge: {escape(differ(group))}")
            if st.button(f"Merge into “{shorten(into, 24)}”", key=f"alike-{number}"):
                others = [label for label in group if label != into]
                paths = table.loc[table["label"].isin(others), "path"]
                decide(record, "relabel", list(paths), f"merged into “{into}”", into)


def _how_read(record: DatasetRecord, kept: KeptLayout, table: pd.DataFrame) -> None:
    """Settings of how files become images, where the dataset has files that they are about."""
    chosen = _chosen(record)
    deep = grey_range(table)
    pages = table["format"].isin(["TIFF", "DICOM"]).any()
    boxes = kept.outline.kind == "boxes"
    if not (deep or pages or boxes):
        return
    with st.expander("How these files are read"), st.form("how-read", border=False):
        new = chosen
        if deep:
            st.caption(
                "Greys and colours of more than 8 bits: what is black, and what is white. "
                f"{'Chosen' if chosen.greys else 'Found in these images'}: {deep[0]:g} to "
                f"{deep[1]:g}."
            )
            left, right = st.columns(2)
            low = left.number_input("Black", value=float(deep[0]), format="%.9g", key="greys-low")
            high = right.number_input(
                "White", value=float(deep[1]), format="%.9g", key="greys-high"
            )
            if (low, high) != deep:
                new = replace(new, greys=(low, high))
        if pages:
            page = st.number_input(
                "Page, of files that have several",
                1,
                100_000,
                chosen.page or 1,
                key="page-of",
                help="What you excluded is excluded on the page that you saw, not on others.",
            )
            new = replace(new, page=int(page) if page > 1 else None)
        if boxes:
            margin = MARGIN if chosen.margin is None else chosen.margin
            percent = st.number_input(
                "Around each box, in % of its size", 0, 200, round(margin * 100), key="margin"
            )
            new = replace(new, margin=percent / 100)
        if st.form_submit_button("Read them so"):
            if deep and new.greys and not new.greys[0] < new.greys[1]:
                st.error("Black must be less than white.")
            else:
                _read(record, new)
    if chosen.greys and st.button("Find the range of greys again", key="greys-off"):
        _read(record, replace(chosen, greys=None))


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
