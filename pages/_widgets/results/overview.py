"""The verdict in words with numbers, and what to read next."""

from __future__ import annotations

import streamlit as st

from core.evaluation.records import worst_confusions
from pages._widgets.plain import escape, images, percent, shorten
from pages._widgets.results.view import View


def draw(view: View) -> None:
    evaluation = view.evaluation
    low, high = evaluation.interval.low, evaluation.interval.high
    with st.container(border=True):
        st.markdown(
            f"### Right on {evaluation.correct:,} of {evaluation.images:,} images it had never seen\n\n"
            f"**{percent(evaluation.accuracy)}** test accuracy. With a test of this size, the true "
            f"figure is likely between **{percent(low)}** and **{percent(high)}**."
        )
        worst = worst_confusions(evaluation, 1)
        lines = [
            f"Always answering “{escape(shorten(evaluation.baseline_label))}” would be right on "
            f"{percent(evaluation.baseline)}."
        ]
        if worst:
            pair = worst[0]
            lines.append(
                f"Most often mixed up: “{escape(shorten(pair.true))}” taken for "
                f"“{escape(shorten(pair.predicted))}”, {pair.count} of {images(pair.support)}."
            )
        st.markdown(" ".join(lines))
        st.caption(
            "95 % interval by Wilson's method. None of these test images, and no copy of one, "
            "was trained on."
        )
