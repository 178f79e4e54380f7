"""Which model: a box to choose from, shared by the pages that are about one."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.text import percent
from pages._widgets.session import choose_run


def pick_run(runs: list[RunRecord], run: RunRecord, *, key: str) -> None:
    """Offer finished models, and run the page again for another one.

    Args:
        run: the present one, one of ``runs``.
        key: tells the pages' boxes apart.
    """
    names = {each.id: scored(each.name, each.summary.test_accuracy) for each in runs}
    chosen = st.selectbox(
        "Model",
        list(names),
        index=list(names).index(run.id),
        format_func=names.__getitem__,
        key=f"{key}-{run.id}-{len(runs)}",
    )
    if chosen != run.id:
        choose_run(chosen)
        st.rerun()


def scored(name: str, accuracy: float | None) -> str:
    """A model's name with its test accuracy, as lists of models show it: ``hands 1 · 97.3 %``."""
    return f"{name} · {percent(accuracy) if accuracy is not None else 'not tested'}"
