"""Files to take away, and tables of those that were not taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

_LISTED = 10_000


def download(
    label: str, data: Any, name: str, kind: str, *, icon: str = "download", **given: Any
) -> None:
    """A button that hands a file to the browser; the page stays as it is.

    Args:
        data: what is in it, or what makes that once it is asked for.
        kind: its MIME type.
        icon: the name of a Material symbol.
        given: what else ``st.download_button`` takes.
    """
    icon = f":material/{icon}:"
    st.download_button(label, data, name, kind, icon=icon, on_click="ignore", **given)


def list_files(files: Sequence[tuple[str, str]], what: str = "why", *, most: int = _LISTED) -> None:
    """Files and what there is to say of each, the first of them."""
    st.dataframe(pd.DataFrame(files[:most], columns=["file", what]), hide_index=True)
