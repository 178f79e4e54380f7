"""Your classes: a card each, and the ways in."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.quality.curation import usable
from core.text import escape, shorten
from pages._widgets.gallery import Tile, gallery
from pages._widgets.intake import add_panel
from pages._widgets.job import watch
from pages._widgets.session import catalog, dataset_table, thumbnails
from pages._widgets.studio import project

_PICTURES = 6
_CARDS = 12


@st.fragment
def draw(record: DatasetRecord | None) -> None:
    """Draw the column, for the dataset of the studio."""
    st.subheader("Your classes")
    if record is None:
        st.button(
            "Try the sample",
            icon=":material/auto_awesome:",
            on_click=project.open_sample,
            key="studio-sample",
        )
        add_panel(catalog().datasets.all())
        return
    table = dataset_table(record)
    if table is None:
        job = catalog().jobs.get(record.job_id) if record.job_id else None
        if job is not None and not job.finished:
            watch(job.id)
        else:
            st.error(escape(record.problem or "The import did not finish."))
        return
    good = usable(table)
    for label, rows in list(good.groupby("label", sort=True))[:_CARDS]:
        with st.container(border=True):
            st.markdown(f"**{escape(shorten(str(label), 40))}** · {len(rows):,}")
            some = rows.head(_PICTURES)
            gallery(
                [
                    Tile(row.path, picture, str(label), title=row.path, tiny=row.width <= 48)
                    for row, picture in zip(
                        some.itertuples(), thumbnails(record.id, some), strict=True
                    )
                ],
                key=f"studio-{record.id}-{label}",
                label=str(label),
                strip=True,
            )
