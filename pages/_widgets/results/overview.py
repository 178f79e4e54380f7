"""The verdict in words with numbers, and what to read next."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluation.document.parts import Section
from core.text import escape, plural, shorten
from pages._widgets.results.document import draw_group, draw_parts
from pages._widgets.results.figures import figures_of, say_if_gone
from pages._widgets.results.view import View, turn_to

_LEFT_OUT_AT_MOST = 1_000


def draw(view: View) -> None:
    figures_of(view)
    draw_group(view, "overview", {"verdict": _verdict})
    _left_out(view)


def _verdict(view: View, section: Section) -> None:
    with st.container(border=True):
        draw_parts(view, section.parts)
    say_if_gone(view)
    if view.evaluation.images:
        _lead_on(view)


def _left_out(view: View) -> None:
    """Which files are not among those that were tested, and why."""
    files = view.evaluation.left_out
    if not files:
        return
    with st.expander(f"{plural(len(files), 'file')} could not be tested", icon=":material/block:"):
        st.dataframe(
            pd.DataFrame(files[:_LEFT_OUT_AT_MOST], columns=["file", "why"]), hide_index=True
        )
        if len(files) > _LEFT_OUT_AT_MOST:
            st.caption(f"The first {_LEFT_OUT_AT_MOST:,} are listed.")


def _lead_on(view: View) -> None:
    """Where to read on."""
    weakest = figures_of(view).verdict.get("weakest")
    with st.container(horizontal=True, gap="small"):
        if weakest is not None and weakest.about:
            true, predicted = weakest.about["true"], weakest.about["predicted"]
            st.button(
                f"“{escape(shorten(true, 20))}” taken for “{escape(shorten(predicted, 20))}”",
                icon=":material/image_search:",
                on_click=turn_to,
                args=("mistakes",),
                kwargs={"true": true, "predicted": predicted},
            )
        if view.evaluation.correct < view.evaluation.images:
            st.button(
                "All mistakes",
                icon=":material/error_outline:",
                on_click=turn_to,
                args=("mistakes",),
            )
        st.button("Confusions", icon=":material/grid_on:", on_click=turn_to, args=("confusion",))
        st.button("Class by class", icon=":material/list:", on_click=turn_to, args=("classes",))
