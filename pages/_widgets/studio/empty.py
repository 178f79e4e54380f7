"""For whoever has no photos at hand: the sample, and known sets where there is network."""

from __future__ import annotations

import streamlit as st

from pages._widgets.studio import project


def ways() -> None:
    """Draw them."""
    if st.button("Try the fruit sample", icon=":material/auto_awesome:", key="studio-sample"):
        project.open_sample("fruit", then_train=True)
        # The whole page: a click inside the column would draw no more than the column.
        st.rerun()
