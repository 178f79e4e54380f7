"""All settings as a command to copy, and the settings of an earlier run to take over."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.delivery.take_away.command import command_line
from core.text import ago
from core.training import recipes
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec, known_spec
from pages._widgets.form import Form, take_over
from pages._widgets.job import act
from pages._widgets.one_of import choose
from pages._widgets.recipes import radio_key
from pages._widgets.session import catalog


def show_text(record: DatasetRecord, spec: TrainSpec, base: TrainSpec, good: pd.DataFrame) -> None:
    with st.expander("All settings as text", icon=":material/terminal:", key="as-text"):
        st.caption("The same training on the command line; only what differs from the recipe:")
        st.code(command_line(spec, record.name, base=base), language="bash", wrap_lines=True)
        runs = [run for run in catalog().runs.all() if _readable(run) is not None]
        if not runs:
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = {run.id: f"{run.name} · {ago(run.created_at)}" for run in runs}
            picked = choose(
                "Settings of an earlier run",
                names,
                width=320,
                key="settings-of",
                help="Of this dataset or another; the split’s shares and seed too.",
            )
            act(
                "Use its settings",
                (use_settings, record, good, next(r for r in runs if r.id == picked)),
                icon="settings_backup_restore",
            )


def use_settings(record: DatasetRecord, good: pd.DataFrame, run: RunRecord) -> None:
    """Fill the page with a run's recipe and settings, from its next run on."""
    theirs = _readable(run)
    if theirs is None:
        return
    base = recipes.default_spec(record.id, record.version, theirs.recipe, good)
    take_over(theirs, base)
    st.session_state[radio_key(record.id)] = theirs.recipe


def take_wishes(record: DatasetRecord, good: pd.DataFrame) -> None:
    """Do what other parts of the page have asked for: a run's settings, or a learning rate."""
    wanted = st.session_state.pop("use_run", None)
    run = next((run for run in catalog().runs.all(archived=True) if run.id == wanted), None)
    if run is not None:
        use_settings(record, good, run)
    recipe, rate = st.session_state.pop("use_rate", ("", 0.0))
    if recipe:
        base = recipes.default_spec(record.id, record.version, recipe, good)
        Form(base).put("learning_rate", rate)


def _readable(run: RunRecord) -> TrainSpec | None:
    """A run's settings, or ``None`` if they are of a version of Lightbox that nobody knows."""
    spec = known_spec(run.spec)
    return spec if spec is not None and spec.recipe in RECIPES else None
