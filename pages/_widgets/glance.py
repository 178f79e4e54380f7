"""All findings in one list, what is likely to hurt most first: how many, why it matters, examples,
and the fix that is safe, one click away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.quality.findings import Finding, extra_copies
from core.text import escape, images
from pages._widgets.decided import decide
from pages._widgets.gallery import gallery, photo_tiles
from pages._widgets.job import act

_EXAMPLES = 6
_LOOK = "look"


def looked_at() -> str:
    """Which entry of the list is open, by its key; "" for the list itself."""
    return str(st.query_params.get(_LOOK, ""))


def open_entry(key: str) -> None:
    """For callbacks: open an entry, or the list with "". It stands in the address, so the
    browser's way back leads back to the list."""
    if key:
        st.query_params[_LOOK] = key
    else:
        st.query_params.pop(_LOOK, None)


def list_entries(record: DatasetRecord, table: pd.DataFrame, found: list[Finding]) -> None:
    for finding in found:
        extra = extra_copies(finding, table)
        fix = f"Leave out extra copies: {len(extra):,}" if extra else ""
        some = table.iloc[finding.rows[:_EXAMPLES]]
        count = len(finding.rows)
        if _entry(record, finding.key, finding.title, finding.sentence, count, some, fix):
            decide(record, "exclude", extra, f"{finding.title}: the best of each group kept")
    excluded = np.flatnonzero(table["excluded"])
    if len(excluded):
        said = "Not counted and not trained on; the files are untouched."
        some = table.iloc[excluded[:_EXAMPLES]]
        _entry(record, "excluded", "Left out", said, len(excluded), some)


def _entry(
    record: DatasetRecord,
    key: str,
    title: str,
    sentence: str,
    count: int,
    some: pd.DataFrame,
    fix: str = "",
) -> bool:
    """One line of the list, with how many images it is about and some of them; whether its fix was
    clicked."""
    with st.container(border=True, key=f"entry-{key}"):
        left, right = st.columns([2, 3], vertical_alignment="center")
        with left:
            st.markdown(f"**{escape(title)}** · {images(count)}")
            st.caption(sentence)
            with st.container(horizontal=True, gap="small"):
                fixed = bool(fix) and st.button(
                    fix,
                    icon=":material/filter_1:",
                    key=f"fix-{key}",
                    help="The largest of each group stays; of equals, the sharpest. One click "
                    "takes it back.",
                )
                act(f"Look at {count:,}", (open_entry, key), icon="visibility", key=f"look-{key}")
        with right:
            gallery(photo_tiles(record.id, some), key=f"strip-{key}", label=title, row=True)
    return fixed
