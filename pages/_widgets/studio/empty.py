"""For whoever has no photos at hand: the sample, and known sets where there is network."""

from __future__ import annotations

import streamlit as st

from pages._widgets.studio import project


def ways() -> None:
    """Draw them."""
    st.button(
        "Try the fruit sample",
        icon=":material/auto_awesome:",
        on_click=project.open_sample,
        args=("fruit",),
        kwargs={"then_train": True},
        key="studio-sample",
    )
