"""A row, a box or sections of which one is always chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st

K = TypeVar("K")
Sections = Mapping[str, tuple[str, Callable[[K], None]]]

_MORE = "more"


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
    _forget_gone(key, names)
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


def choose(
    label: str, names: Mapping[K, str], *, key: str, now: K | None = None, **given: Any
) -> K:
    """Draw a box with the choices; what is chosen, to begin with ``now`` or else the first.

    Args:
        names: as of :func:`one_of`.
        given: what else ``st.selectbox`` takes.
    """
    _forget_gone(key, names)
    options = list(names)
    at = options.index(now) if now is not None and now in names else 0
    chosen: K = st.selectbox(
        label, options, index=at, format_func=names.__getitem__, key=key, **given
    )
    return chosen


def _forget_gone(key: str, names: Mapping[Any, str]) -> None:
    """What was chosen may be gone since."""
    if key in st.session_state and st.session_state[key] not in names:
        del st.session_state[key]


def draw_section(
    sections: Sections[K], subject: K, *, key: str, specialists: Sections[K] | None = None
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
