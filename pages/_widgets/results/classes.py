"""The classification report: how each class did."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages._widgets.results.view import View


def draw(view: View) -> None:
    evaluation = view.evaluation
    st.subheader("Class by class")
    rows = [row.model_dump() for row in [*evaluation.report, evaluation.macro, evaluation.weighted]]
    table = pd.DataFrame(rows).rename(columns={"label": "class", "f1": "F1", "support": "images"})
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "precision": number(
                format="%.3f", help="Of the images called this class, how many are."
            ),
            "recall": number(
                format="%.3f", help="Of the images of this class, how many were found."
            ),
            "F1": number(format="%.3f", help="The harmonic mean of precision and recall."),
            "images": number(help="Test images of this class (support)."),
        },
    )
    st.download_button(
        "Download as CSV",
        table.to_csv(index=False),
        "classification-report.csv",
        "text/csv",
        icon=":material/download:",
    )
