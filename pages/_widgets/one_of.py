"""A row of choices of which one is always chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

K = TypeVar("K")


def one_of(
    label: str,
    names: Mapping[K, str],
    *,
    key: str,
    default: K | None = None,
    visible: bool = False,
    **given: Any,
) -> K:
    """Draw the choices; what is chosen, the first to begin with.

    Args:
        names: what can be chosen → what stands on it.
        visible: the label is read as well, not only heard.
        given: what else ``st.segmented_control`` takes.
    """
    if key in st.session_state and st.session_state[key] not in names:
        del st.session_state[key]
    return st.segmented_control(
        label,
        list(names),
        format_func=names.__getitem__,
        default=next(iter(names)) if default is None else default,
        key=key,
        label_visibility="visible" if visible else "collapsed",
        required=True,
        **given,
    )
