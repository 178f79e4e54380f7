"""One button that trains, and what came of it."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.quality.curation import usable
from core.training import recipes
from core.training.start import create_run
from pages._widgets.job import watch
from pages._widgets.recipes import cost
from pages._widgets.session import catalog, choose_run, dataset_table

_GOING = ("queued", "running", "held")


@st.fragment
def draw(record: DatasetRecord | None) -> None:
    """Draw the column, for the dataset of the studio."""
    st.subheader("Train")
    table = dataset_table(record) if record is not None else None
    good = usable(table) if table is not None else None
    if record is None or good is None or good["label"].nunique() < 2:
        st.button("Train", type="primary", disabled=True, width="stretch")
        st.caption("Two classes with photos are needed.")
        return
    going = next((run for run in catalog().runs.all(record.id) if run.state in _GOING), None)
    if going is not None:
        watch(going.job_id)
        return
    recipe = recipes.suggest(good)
    spec = recipes.default_spec(record.id, record.version, recipe, good)
    if recipe == "auto":
        spec = spec.with_values({"minutes": 1})
    if st.button("Train", type="primary", width="stretch", key="studio-train"):
        run = create_run(catalog(), spec)
        choose_run(run.id)
        st.rerun()
    st.caption(cost(spec, good))
