"""A closer look at one or two images: at full size, side by side, with what is known of them."""

from __future__ import annotations

import datetime

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.datasets.content import read_regular
from core.datasets.images import open_image
from core.datasets.places import image_file
from core.errors import UnreadableImage
from core.text import percent, size
from pages._widgets.session import catalog, thumbnails


@st.dialog("A closer look", width="large")
def look_closer(record: DatasetRecord, rows: pd.DataFrame) -> None:
    """Show at most two rows of a dataset's table."""
    for place, (_, row) in zip(st.columns(min(2, len(rows))), rows.head(2).iterrows(), strict=True):
        with place:
            _picture(record, row)
            st.dataframe(
                pd.DataFrame(_known(row), columns=["what", "value"]),
                hide_index=True,
                width="stretch",
                height="content",
            )


def _picture(record: DatasetRecord, row: pd.Series) -> None:
    path = image_file(catalog().workspace.load_path(record.root), row["path"])
    try:
        opened = open_image(read_regular(path), file=row["path"])
    except (OSError, UnreadableImage):
        (small,) = thumbnails(record.id, row.to_frame().T)
        if small:
            st.image(small, width="stretch", alt=str(row["path"]))
        st.caption("The file can't be shown at full size.")
        return
    st.image(opened.image, width="stretch", alt=str(row["path"]))


def _known(row: pd.Series) -> list[tuple[str, str]]:
    when = datetime.datetime.fromtimestamp(row["mtime_ns"] / 1e9).strftime("%Y-%m-%d %H:%M")
    known = [
        ("file", str(row["path"])),
        ("class", str(row["label"])),
        ("pixels", f"{row['width']} × {row['height']}"),
        ("size", size(float(row["bytes"]))),
        ("type", f"{row['format']} ({row['mode']})" if row["format"] else "unknown"),
        ("changed", when),
    ]
    if row["label_found"] != row["label"]:
        known.insert(2, ("class of its folder", str(row["label_found"])))
    if row["split"]:
        known.append(("comes in", str(row["split"])))
    if row["status"] != "ok":
        known.append(("what is wrong", str(row["problem"])))
    else:
        known.append(("brightness", percent(float(row["brightness"]))))
        known.append(("sharpness", f"{float(row['sharpness']):.2f}"))
    if row["suggested"] and row["suggested"] != row["label"]:
        known.append(("looks like", str(row["suggested"])))
    return known
