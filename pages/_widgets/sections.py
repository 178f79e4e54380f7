"""A page in sections, of which one is drawn at a time: it opens at once however much there is to
say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def draw_section(
    sections: Mapping[str, tuple[str, Callable[[T], None]]], subject: T, *, key: str
) -> None:
    """Offer the sections, and draw the chosen one.

    Args:
        sections: name → title and what draws it; the first is shown to begin with.
        subject: what they are about.
        key: where the session keeps the chosen name, which others may set too.
    """
    if st.session_state.get(key) not in sections:
        st.session_state[key] = next(iter(sections))
    shown = st.segmented_control(
        "Section",
        list(sections),
        format_func=lambda name: sections[name][0],
        key=key,
        label_visibility="collapsed",
        required=True,
    )
    sections[str(shown)][1](subject)
