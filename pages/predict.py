"""Predict: what people do with a model, one section at a time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.catalog import RunRecord
from pages._widgets.empty import empty
from pages._widgets.pick_run import pick_run
from pages._widgets.predict import api, batch, export, try_it
from pages._widgets.sections import draw_section
from pages._widgets.session import catalog, current_run

_SHOWN = "predict-shown"
_SECTIONS: dict[str, tuple[str, Callable[[RunRecord], None]]] = {
    "try": ("Try it", try_it.draw),
    "batch": ("Batch", batch.draw),
    "export": ("Export", export.draw),
    "api": ("API", api.draw),
}


finished = [run for run in catalog().runs.all() if run.state == "done"]
current = current_run()
if current is not None and all(run.id != current.id for run in finished):
    finished = [*finished, current]  # archived: not offered, but opened by a link
if current is None:
    empty("No model yet", "Train one first; it takes a minute or two.", "Go to Train", "train")
else:
    st.title("Predict")
    pick_run(finished, current, key="model")
    draw_section(_SECTIONS, current, key=_SHOWN)
