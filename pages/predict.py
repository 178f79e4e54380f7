"""Predict: what people do with a model, one section at a time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.catalog import RunRecord
from core.who import Role, acting
from pages._widgets.one_of import draw_section
from pages._widgets.pick_run import pick_run, say_none, say_unknown
from pages._widgets.predict import api, batch, export, try_it
from pages._widgets.session import catalog, current_run

_SHOWN = "do"
_SECTIONS: dict[str, tuple[str, Callable[[RunRecord], None]]] = {
    "try": ("Try it", try_it.draw),
    "batch": ("Batch", batch.draw),
    "export": ("Export", export.draw),
    "api": ("API", api.draw),
}
_ROLES: dict[str, Role] = {"batch": "labeller", "export": "trainer", "api": "trainer"}


def _page() -> None:
    finished = [run for run in catalog().runs.all() if run.state == "done"]
    current = current_run()
    if current is None:
        say_none("No model yet", "Train one first; it takes a minute or two.", "predict")
        return
    if all(run.id != current.id for run in finished):
        finished = [*finished, current]  # archived: not offered, but opened by a link
    st.title("Predict")
    pick_run(finished, current, key="model")
    may = acting().may
    offered = {k: v for k, v in _SECTIONS.items() if may(_ROLES.get(k, "viewer"))}
    if len(offered) == 1:
        try_it.draw(current)
        return
    draw_section(offered, current, key=_SHOWN)


if not say_unknown():
    _page()
