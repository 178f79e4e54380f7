"""Which class is taken for which."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from pages._widgets.results.view import View


def draw(view: View) -> None:
    evaluation = view.evaluation
    st.subheader("Which class is taken for which")
    rates = (
        st.segmented_control(
            "Show", ["Counts", "Per cent"], default="Counts", label_visibility="collapsed"
        )
        == "Per cent"
    )
    figure = charts.confusion(evaluation.labels, evaluation.confusion, rates=rates)
    st.plotly_chart(figure, config={"displayModeBar": False})
    st.caption(
        "Each row is a true class, each column an answer; right answers are on the diagonal."
        + (" Per cent of each row." if rates else "")
    )
    with st.expander("As a table"):
        st.dataframe(
            pd.DataFrame(evaluation.confusion, index=evaluation.labels, columns=evaluation.labels)
            .rename_axis("true ↓ predicted →")
        )  # fmt: skip
