"""The figures of what is looked at: as kept, or worked out once where an older run has none."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import NotFound
from core.evaluation.figures import compute
from pages._widgets.results.view import View
from pages._widgets.session import catalog


def figures_of(view: View) -> compute.Figures:
    """Scores, verdict and classes of a view."""
    with st.spinner("Working out the figures, once for this model …"):
        return view.result.figures


def curves_of(view: View, labels: list[str]) -> pd.DataFrame:
    """The ROC and precision-recall curves of some classes."""
    figures_of(view)
    return compute.load_curves(catalog().workspace, view.run.id, view.on, labels)


def say_if_gone(view: View) -> None:
    """Say so where the pictures of a test can't be shown any more."""
    if view.on != "test":
        return
    try:
        catalog().datasets.get(view.run.dataset_id)
    except NotFound:
        st.caption(
            ":material/hide_image: The dataset of this model was removed, so its pictures can't be "
            "shown."
        )
