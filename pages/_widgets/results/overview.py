"""The verdict in words with numbers, and what to read next."""

from __future__ import annotations

import streamlit as st

from core.evaluation.document.parts import Section
from core.evaluation.mistakes import select
from core.evaluation.records import worst_confusions
from core.text import escape, plural, shorten
from pages._widgets.files import list_files
from pages._widgets.job import act
from pages._widgets.results.aim import ask_aim
from pages._widgets.results.document import draw_group, draw_parts
from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View, figures_of, say_if_gone, turn_to

_LEFT_OUT_AT_MOST = 1_000
_PICTURES = 6


def draw(view: View) -> None:
    figures_of(view)
    draw_group(view, "overview", {"verdict": _verdict, "metrics": lambda *_: None})
    _left_out(view)


def draw_figures(view: View) -> None:
    """All figures, with what they mean."""
    figures_of(view)
    draw_group(view, "overview", {"verdict": lambda *_: None})


def _verdict(view: View, section: Section) -> None:
    headline, *others = section.parts
    with st.container(border=True):
        draw_parts(view, [headline])
        said, seen = st.columns([3, 2], gap="large")
        with said:
            draw_parts(view, others)
        with seen:
            _pictures(view)
    say_if_gone(view)
    if view.evaluation.images:
        _lead_on(view)


def _pictures(view: View) -> None:
    """Where it was surest and wrong; of a model without a mistake, where it was least sure."""
    rows = select(view.predictions, "wrong")
    what = "Wrong, and the surest of it" if len(rows) else "Right, and the least sure of it"
    if not len(rows):
        rows = select(view.predictions, "right")
    if len(rows):
        st.markdown(f"**{what}**")
        key = view.key("verdict-pictures")
        answers_gallery(view, view.predictions.table.iloc[rows[:_PICTURES]], key=key, label=what)


def _left_out(view: View) -> None:
    """Which files are not among those that were tested, and why."""
    files = view.evaluation.left_out
    if not files:
        return
    with st.expander(f"{plural(len(files), 'file')} could not be tested", icon=":material/block:"):
        list_files(files, most=_LEFT_OUT_AT_MOST)
        if len(files) > _LEFT_OUT_AT_MOST:
            st.caption(f"The first {_LEFT_OUT_AT_MOST:,} are listed.")


def _lead_on(view: View) -> None:
    """Where to read on."""
    with st.container(horizontal=True, gap="small"):
        ask_aim(view)
        for most in worst_confusions(view.evaluation, 1):
            true, predicted = most.true, most.predicted
            st.button(
                f"“{escape(shorten(true, 20))}” taken for “{escape(shorten(predicted, 20))}”",
                icon=":material/image_search:",
                on_click=turn_to,
                args=("mistakes",),
                kwargs={"true": true, "predicted": predicted},
            )
        if view.evaluation.correct < view.evaluation.images:
            act("All mistakes", (turn_to, "mistakes"), icon="error_outline")
        act("What it mixes up", (turn_to, "confusion"), icon="grid_on")
