"""Empty states: what isn't here yet, and the one thing to do next."""

from __future__ import annotations

import streamlit as st

from pages._widgets.steps import go

TO_TRAIN = ("Go to Train", "train")
TO_DATA = ("Go to Data", "data")


def empty(title: str, text: str, action: str, page: str) -> None:
    """Say what is missing, with a button that leads to where it comes from."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"## {title}")
        st.write(text)
        if st.button(action, type="primary"):
            go(page)
