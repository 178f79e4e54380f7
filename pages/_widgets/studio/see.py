"""All photos of a class, and taking some of them out."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.catalog import DatasetRecord
from core.quality.curation import usable
from core.text import plural, shorten
from pages._widgets.gallery import gallery, page_of, photo_tiles
from pages._widgets.session import dataset_table, forget
from pages._widgets.studio import doing

_PAGE = 40


def photos_of(record: DatasetRecord, label: str) -> None:
    title = shorten(label, 60)
    st.dialog(title, width="large", on_dismiss=partial(forget, doing.SEEN))(_photos)(record, label)


def _photos(record: DatasetRecord, label: str) -> None:
    table = dataset_table(record)
    if table is None:
        return
    good = usable(table)
    rows = good[good["label"] == label]
    st.caption(f"{plural(len(rows), 'photo')}. Choose those to take out; their files stay.")
    part = rows.iloc[page_of(len(rows), key=f"studio-see-{label}", size=_PAGE)]
    chosen = gallery(
        photo_tiles(record.id, part, lambda _: ""),
        key=f"studio-seen-{record.id}-{label}",
        label=f"Photos of {label}",
        pick=True,
    )
    many = plural(len(chosen), "photo") if chosen else "photos"
    if st.button(f"Take {many} out", icon=":material/delete:", disabled=not chosen):
        doing.leave_out(record, label, chosen)
        st.rerun()
