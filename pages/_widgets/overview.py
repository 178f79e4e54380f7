"""A dataset in a few numbers, and what makes it unfit for training."""

from __future__ import annotations

import streamlit as st

from core.quality.distributions import imbalance
from core.quality.first_look import too_small
from core.quality.shown import Shown
from core.text import escape, size


def overview(good: Shown, left_out: int) -> None:
    """Draw it, for the usable images, and the number of files that are left out."""
    counts = good.classes
    with st.container(horizontal=True, gap="large"):
        st.metric("Usable images", f"{len(good):,}", width="content")
        st.metric("Classes", f"{len(counts):,}", width="content")
        if len(counts) > 1:
            st.metric(
                "Largest : smallest",
                f"{imbalance(counts):.1f} : 1",
                width="content",
                help="Images in the largest class for each image in the smallest. Up to about "
                "3 : 1 does no harm; above 10 : 1 the model tends to overlook small classes: add "
                "images there.",
            )
        st.metric(
            "Left out",
            f"{left_out:,}",
            width="content",
            help="Files that are no images or can't be read, and images that you left out.",
        )
        st.metric("On disk", size(float(good.bytes)), width="content")
    for trouble in too_small(counts):
        st.warning(escape(trouble), icon=":material/warning:")
