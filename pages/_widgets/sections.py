"""A page in sections, of which one is drawn at a time: it opens at once however much there is to
say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from pages._widgets.one_of import one_of

T = TypeVar("T")
Sections = Mapping[str, tuple[str, Callable[[T], None]]]

_MORE = "more"


def draw_section(
    sections: Sections[T], subject: T, *, key: str, specialists: Sections[T] | None = None
) -> None:
    """Offer the sections, and draw the chosen one, which stands in the address too.

    Args:
        sections: name → title and what draws it; the first is shown to begin with.
        subject: what they are about.
        key: where the session keeps the chosen name, which others may set too, also to one of
            ``specialists``.
        specialists: sections of a second row, behind one button of the first.
    """
    more = specialists or {}
    asked = st.session_state.get(key)
    if asked in more:
        st.session_state[key], st.session_state[_MORE] = _MORE, asked
    titles = {name: title for name, (title, _) in sections.items()}
    if more:
        titles[_MORE] = "For specialists"
    # In the address the browser keeps it in place, so it is no step on the way back.
    shown = one_of("Section", titles, key=key, bind="query-params")
    if shown != _MORE or not more:
        sections[shown][1](subject)
        return
    titles = {name: title for name, (title, _) in more.items()}
    inner = one_of("For specialists", titles, key=_MORE, bind="query-params")
    more[inner][1](subject)
