"""What an idle worker does while somebody looks at the settings: measure, then prepare the start.

Both make way for trainings, and neither is needed: they make the page say how long each recipe
takes, and the first point of a curve come sooner.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.catalog.records import ACTIVE
from core.jobs import kinds
from core.training.ahead import recipe_specs, unmeasured
from core.training.spec import TrainSpec
from pages._widgets.session import catalog


def do_ahead(record: DatasetRecord, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Queue what can be done ahead of a training with this spec, once for each session and need.

    Args:
        spec: one that can be started as it is.
        good: usable images.
    """
    workspace = catalog().workspace
    done: set[str] = st.session_state.setdefault("done_ahead", set())
    runs = len(catalog().runs.all(record.id))
    # A training that was started meanwhile has interrupted it, so it is tried again after each.
    measuring = f"measure {record.id} {record.version} {runs}"
    # Only what the studio prepares may be before it: whatever else there is has the worker now.
    busy = any(job.kind != "prepare" for job in catalog().jobs.all(states=ACTIVE, lane="train"))
    if measuring not in done and not busy:
        done.add(measuring)
        if unmeasured(workspace, recipe_specs(catalog(), record.id, good)):
            kinds.submit_measure(catalog(), record.id)
            st.rerun()
    prepare_ahead(spec)


def prepare_ahead(spec: TrainSpec) -> None:
    """Queue what a training with this spec would begin with, once for each session."""
    done: set[str] = st.session_state.setdefault("done_ahead", set())
    preparing = f"prepare {spec.model_dump_json()}"
    if preparing not in done and kinds.submit_prepare(catalog(), spec) is not None:
        done.add(preparing)
