"""What was deleted, until it is removed for good: datasets and models alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

from core.text import plural, size
from pages._widgets.job import act, attempt


def bin_panel(
    noun: str,
    rows: Mapping[str, Mapping[str, str]],
    takes: int,
    told: str,
    restore: Callable[[str], object],
    empty: Callable[[], Sequence[object]],
) -> None:
    """Draw the bin, if there is something in it.

    Args:
        noun: what each is: ``dataset``.
        rows: by its id what there is to say of each.
        takes: bytes of all of them.
        told: how long they stay.
        restore: takes one out, by its id.
        empty: removes all for good; returns them.
    """
    if not rows:
        return
    with st.expander(f"Bin: {plural(len(rows), noun)}, {size(takes)}", icon=":material/delete:"):
        st.caption(told)
        picked = st.dataframe(
            pd.DataFrame(rows.values()),
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            # Rows are picked by their place, which means another one once some have gone.
            key=f"bin-{noun}-{crc32(repr(list(rows)).encode())}",
        )
        ids = list(rows)
        if len(ids) > 1:  # one alone is meant as it is
            ids = [ids[row] for row in picked["selection"]["rows"]]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            act(
                f"Restore {len(ids):,}" if ids else "Restore",
                (_each, restore, ids),
                icon="restore_from_trash",
                key=f"bin-restore-{noun}",
                disabled=not ids,
            )
            sure = st.checkbox("Yes, remove them for good", key=f"bin-sure-{noun}")
            act(
                "Empty the bin",
                (_empty, noun, empty),
                icon="delete_forever",
                key=f"bin-empty-{noun}",
                disabled=not sure,
            )


def _each(restore: Callable[..., Any], ids: Sequence[str]) -> None:
    for each in ids:
        attempt(restore, each)


def _empty(noun: str, empty: Callable[[], Sequence[object]]) -> None:
    st.session_state[f"bin-sure-{noun}"] = False
    gone = empty()
    st.toast(f"{plural(len(gone), noun)} removed for good.", icon=":material/delete_forever:")
