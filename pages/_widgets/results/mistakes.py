"""Where the model is wrong, and where it is right."""

from __future__ import annotations

import streamlit as st

from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View


def draw(view: View) -> None:
    predictions = view.answers.table
    st.subheader("Test images and answers")
    wrong = int((~predictions["correct"]).sum())
    which = st.segmented_control(
        "Show answers",
        ["Wrong", "Right"],
        format_func=lambda name: (
            f"{name} ({wrong if name == 'Wrong' else len(predictions) - wrong:,})"
        ),
        default="Wrong" if wrong else "Right",
        label_visibility="collapsed",
    )
    rows = predictions[predictions["correct"] == (which == "Right")]
    # Confident mistakes first, and the most doubtful of the right answers.
    rows = rows.sort_values("confidence", ascending=which == "Right", kind="stable")
    if rows.empty:
        st.caption("None.")
        return
    answers_gallery(
        view, rows, key=f"answers-gallery-{view.run.id}-{which}", label=f"{which} answers"
    )
    st.caption("The label on each picture is the model's answer and how sure it is.")
