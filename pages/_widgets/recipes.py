"""The choice of a recipe, each with what it will take on this computer where that was measured."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.jobs import kinds
from core.training import architectures, recipes
from core.training.estimate import estimate
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec
from pages._widgets.form import Form, minutes_now
from pages._widgets.session import catalog
from pages._widgets.weights import not_here


def radio_key(dataset_id: str) -> str:
    """Where the session keeps the recipe that was chosen for a dataset."""
    return f"{dataset_id}-recipe"


def choose_recipe(record: DatasetRecord, good: pd.DataFrame) -> TrainSpec:
    """Draw the recipes, the suggested one first; the settings of the one that is chosen.

    Args:
        good: usable images.
    """
    suggested = recipes.suggest(good)
    order = sorted(RECIPES, key=lambda key: key != suggested)
    specs = {key: recipes.default_spec(record.id, record.version, key, good) for key in order}
    # Of Auto, for the time that it may take now.
    costs = {
        key: cost(spec.with_values({"minutes": minutes_now(spec)}), good)
        for key, spec in specs.items()
    }
    picked = st.radio(
        "Recipe",
        order,
        format_func=lambda key: RECIPES[key].title + (" (suggested)" if key == suggested else ""),
        captions=[
            RECIPES[key].sentence + (f"  \n**{costs[key]}**" if costs[key] else "") for key in order
        ],
        key=radio_key(record.id),
        persist_state="session",
    )
    if len(good) and not all(costs[key] for key in order if not specs[key].minutes):
        _offer_measuring(record)
    return specs[picked]


def choose_time(form: Form) -> None:
    """How long Auto may take."""
    minutes = form.value("minutes")
    st.segmented_control(
        "How long may it take?",
        sorted({*recipes.TIMES, minutes}),
        format_func=lambda each: recipes.TIMES.get(each, f"{each:g} min"),
        help="Auto ends earlier when nothing is left to try. More time also lets it adjust the "
        "network itself to your images.",
        **form.bind("minutes"),
    )
    form.complain("minutes")


def cost(spec: TrainSpec, good: pd.DataFrame) -> str:
    """``about 12 s · 0.9 GB``; "" where this computer was never measured at it."""
    return _cost(str(catalog().workspace.home), spec.model_dump_json(), good) if len(good) else ""


# Not for long: each training makes later ones quicker, since it leaves decoded images behind.
@st.cache_data(show_spinner=False, max_entries=64, ttl=10)
def _cost(home: str, spec: str, _good: pd.DataFrame) -> str:
    del home  # a part of the key only
    found = estimate(catalog(), TrainSpec.model_validate_json(spec), _good)
    if found is None:
        return ""
    return f"{found.words} · {found.memory_mb / 1000:.1f} GB of memory"


def takes(spec: TrainSpec, good: pd.DataFrame) -> str:
    """For the button that starts it: `` · about 20 s``; of Auto, where it was never measured,
    `` · up to 5 minutes``; else ""."""
    if known := cost(spec, good).partition(" · ")[0]:
        return f" · {known}"
    if not spec.minutes:
        return ""
    said = recipes.TIMES.get(spec.minutes, f"{spec.minutes:g} minutes")
    return f" · up to {said}" if said[0].isdigit() else f" · {said.lower()}"


def _offer_measuring(record: DatasetRecord) -> None:
    """How long recipes take is measured on a few batches, when somebody wants to know."""
    if catalog().jobs.active("measure", record.id) is not None:
        _measuring(record.id)
        return
    if st.button(
        "How long does each take?",
        icon=":material/timer:",
        type="tertiary",
        help="Trains a few batches of each recipe on this computer, which takes a minute or two. "
        "Trainings that you start meanwhile go first.",
    ):
        kinds.submit_measure(catalog(), record.id)
        st.rerun()


@st.fragment(run_every=1)
def _measuring(dataset_id: str) -> None:
    job = catalog().jobs.active("measure", dataset_id)
    if job is None:
        _cost.clear()
        st.rerun(scope="app")
    note = job.note or "Measuring how fast this computer trains"
    st.caption(f":material/timer: {note} …")


def say_download(spec: TrainSpec) -> None:
    """Say that weights are downloaded first, where they are not here yet."""
    key = architectures.get(spec.architecture).backbone
    if spec.weights == "imagenet" and key is not None and (missing := not_here(key)):
        st.caption(f":material/download: {missing}")
