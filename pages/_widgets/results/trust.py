"""Can one trust it? The answer in a sentence, when it had better be asked, and on which images it
is worse: with pictures, and in words that need no glossary."""

from __future__ import annotations

import streamlit as st

from core.evaluation.document.parts import Section, Statements
from core.evaluation.trust import words
from core.text import escape
from pages._widgets.results.aim import answer_to_aim, ask_aim
from pages._widgets.results.document import draw_group
from pages._widgets.results.reliability import (
    choose_point,
    examples,
    left_to_you,
    not_disturbed,
    reliance,
    slices,
)
from pages._widgets.results.view import View


def draw(view: View) -> None:
    with st.spinner("Working it out, once"):
        view.result.reliability  # noqa: B018
    answer_to_aim(view)
    ask_aim(view)
    own = {
        "reliance": reliance,
        "calibration": lambda *_: None,
        "coverage": _when_sure,
        "robustness": _worse_photos,
        "slices": _worse_kinds,
    }
    draw_group(view, "reliability", own)


@st.fragment
def _when_sure(view: View, _: Section) -> None:
    st.header("Let it answer only when it is sure")
    left_to_you(view, choose_point(view))


def _worse_photos(view: View, _: Section) -> None:
    st.header("What if photos are worse?")
    found = view.result.reliability.robustness
    if found is not None:
        said = words.sentence_of_robustness(found)
        # What harms it stands above already.
        if said not in words.cautions(view.result.reliability):
            st.markdown(escape(said))
        examples(view, found)
        return
    not_disturbed(view)


def _worse_kinds(view: View, section: Section) -> None:
    """Only where there is one; all that were compared stand under Reliability."""
    worse = [part for part in section.parts if isinstance(part, Statements)]
    if any(each.worse for each in view.result.reliability.slices):
        slices(view, Section(section.key, section.title, tuple(worse)))
