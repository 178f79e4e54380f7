"""Where a photo is shown to the model: dropped, pasted or chosen."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages._widgets.camera import Shot, taken
from pages._widgets.component import component_of, safe_key

_component = component_of(__file__, "lightbox-showing", ("shown",))


def showing(*, key: str, ready: bool, small: bool) -> Shot | None:
    """Draw the place; returns the photo that was shown last.

    Args:
        ready: there is a model to show it to.
        small: one line, since there is an answer to be read.
    """
    heard = st.session_state.get(safe_key(key))
    small = small or (isinstance(heard, Mapping) and heard.get("shown") is not None)
    return taken(_component(key=key, data={"ready": ready, "small": small}).get("shown"))
