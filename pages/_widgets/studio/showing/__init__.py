"""Where a photo is shown to the model: dropped, pasted or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.text import as_text
from pages._widgets.camera import taken
from pages._widgets.component import component_of, safe_key

_component = component_of(__file__, "lightbox-showing")


@dataclass(frozen=True)
class Shown:
    """A photo; ``at`` tells one from another."""

    at: int
    name: str
    data: bytes


def showing(*, key: str, ready: bool, small: bool) -> Shown | None:
    """Draw the place; returns the photo that was shown last.

    Args:
        ready: there is a model to show it to.
        small: one line, since there is an answer to be read.
    """
    heard = st.session_state.get(safe_key(key))
    small = small or (isinstance(heard, Mapping) and heard.get("shown") is not None)
    state = _component(
        key=key,
        data={"ready": ready, "small": small},
        default={"shown": None},
        on_shown_change=lambda: None,
    )
    given = state.get("shown")
    shot = taken(given)
    if shot is None or not isinstance(given, Mapping):
        return None
    return Shown(shot.at, as_text(str(given.get("name", "photo")))[-200:], shot.data)
