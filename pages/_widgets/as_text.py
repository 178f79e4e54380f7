"""All settings as a command to copy, and the settings of an earlier run to take over."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.text import ago
from core.training import recipes
from core.training.recipes import RECIPES
from core.training.spec import SETTINGS, TrainSpec, known_spec
from pages._widgets.form import Form, differences, take_over
from pages._widgets.job import act
from pages._widgets.one_of import choose
from pages._widgets.recipes import radio_key
from pages._widgets.session import catalog


def show_text(record: DatasetRecord, spec: TrainSpec, base: TrainSpec, good: pd.DataFrame) -> None:
    with st.expander("All settings as text", icon=":material/terminal:", key="as-text"):
        st.caption("The same training on the command line; only what differs from the recipe:")
        st.code(command(record.name, spec, base), language="bash", wrap_lines=True)
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


def command(dataset: str, spec: TrainSpec, base: TrainSpec) -> str:
    """The command that trains the same, with what differs from the recipe's settings."""
    words = ["python", "-m", "core", "train", dataset, "--recipe", spec.recipe]
    for name, value in _told(spec, base).items():
        words += ["--set", f"{name}={_text(name, value)}"]
    return " ".join(shlex.quote(word) for word in words)


def _told(spec: TrainSpec, base: TrainSpec) -> dict[str, Any]:
    """The differences as the command line likes them: presets and names instead of parts."""
    found = differences(spec, base)
    preset = spec.augmentation.preset
    if preset != "own" and spec.augmentation != base.augmentation:
        found = {key: found[key] for key in found if not key.startswith("augmentation.")}
        found["augmentation"] = preset
    found.pop("shares.train", None)  # what the others leave
    return {SETTINGS[key].short: value for key, value in found.items()}


def _text(name: str, value: Any) -> str:
    if name == "stack":
        return json.dumps([layer.model_dump(exclude_defaults=True) for layer in value])
    if name == "batch_size" and value == 0:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(str(each) for each in value)
    return str(value)
