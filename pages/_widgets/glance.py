"""All findings at a glance, what is likely to hurt most first: how many, why it matters,
examples."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.quality.findings import Finding
from core.text import images
from pages._widgets.gallery import Tile, gallery
from pages._widgets.session import thumbnails

_EXAMPLES = 6


def at_a_glance(
    record: DatasetRecord, table: pd.DataFrame, found: list[Finding], choice: str
) -> None:
    """Draw them.

    Args:
        choice: key of the widget that chooses what to look at; a button here sets it.
    """
    rows = table.set_index("path", drop=False)
    for finding in found:
        with st.container(border=True):
            left, right = st.columns([2, 3], vertical_alignment="center")
            with left:
                st.markdown(f"**{finding.title}** · {images(len(finding.paths))}")
                st.caption(finding.sentence)
                st.button(
                    "Have a look",
                    key=f"glance-{finding.key}",
                    icon=":material/visibility:",
                    on_click=_look,
                    args=(choice, finding.key),
                )
            with right:
                some = rows.loc[list(finding.paths[:_EXAMPLES])]
                gallery(
                    [
                        Tile(
                            row.path,
                            picture,
                            str(row.label),
                            title=row.path,
                            tiny=0 < row.width <= 48,
                        )
                        for row, picture in zip(
                            some.itertuples(), thumbnails(record.id, some), strict=True
                        )
                    ],
                    key=f"strip-{finding.key}",
                    label=finding.title,
                    strip=True,
                )


def _look(choice: str, key: str) -> None:
    st.session_state[choice] = key
