"""Where a model looks: heat maps of one image or of a class, and what goes on inside the
network."""

from __future__ import annotations

import streamlit as st

from pages._widgets.one_of import one_of
from pages._widgets.results import explain_class, explain_image, explain_inside
from pages._widgets.results.view import View

_PARTS = {
    "image": ("One image", explain_image.draw),
    "class": ("A whole class", explain_class.draw),
    "inside": ("Inside the network", explain_inside.draw),
}


def draw(view: View) -> None:
    st.header("Where it looks")
    if explain_image.asked_for(view) or st.session_state.pop(explain_class.LOOK, False):
        st.session_state["explain-part"] = "image"
    part = one_of("Part", {key: name for key, (name, _) in _PARTS.items()}, key="explain-part")
    _PARTS[part][1](view)
