"""What a browser session is about: which dataset and which run, by id, also in the address.

Ids are all that a session holds; everything else is read from core, so a reload, a second browser
or a link that somebody was sent shows the same.
"""

from __future__ import annotations

import gc
from functools import cache

import pandas as pd
import streamlit as st

from core import settings
from core.catalog import Catalog, DatasetRecord, RunRecord, open_catalog
from core.errors import NotFound
from core.evaluation.library import KEPT_S, empty_bin
from core.jobs.supervisor import ensure_running
from core.quality import curation, thumbs
from core.quality.findings import Finding, find
from core.workspace import open_workspace


def catalog() -> Catalog:
    """The catalog, with workers at hand; opened once for all sessions."""
    return _open(str(settings.load().home))


@st.cache_resource(show_spinner=False)
def _open(home: str) -> Catalog:
    del home  # a part of the key only
    workspace = open_workspace()
    workspace.sweep_staging()
    opened = open_catalog(workspace)
    empty_bin(opened, older_than_s=KEPT_S)
    ensure_running(workspace)
    _leave_libraries_alone()
    return opened


@cache
def _leave_libraries_alone() -> None:
    """Streamlit collects garbage after each run of a page; what stays anyway is left out of
    that."""
    gc.collect()
    gc.freeze()


def choose_dataset(dataset_id: str | None) -> None:
    """Make this the session's dataset, here and in the address."""
    _choose("dataset", dataset_id)


def choose_run(run_id: str | None) -> None:
    """Make this the session's run, here and in the address."""
    _choose("run", run_id)


def _choose(kind: str, value: str | None) -> None:
    if value is None:
        st.session_state.pop(kind, None)
        st.query_params.pop(kind, None)
    else:
        st.session_state[kind] = value
        if st.query_params.get(kind) != value:
            st.query_params[kind] = value


def current_dataset() -> DatasetRecord | None:
    """The session's dataset: from the address, else what was last used here, else the newest."""
    chosen = st.query_params.get("dataset") or st.session_state.get("dataset")
    records = catalog().datasets.all()
    record = next((record for record in records if record.id == chosen), None)
    if record is None:
        record = next((r for r in records if r.state == "ready"), records[0] if records else None)
    choose_dataset(record.id if record else None)
    return record


def current_run(*, finished: bool = True) -> RunRecord | None:
    """The session's run: from the address, else what was last used here, else the newest.

    Args:
        finished: only runs that have a model.
    """
    chosen = st.query_params.get("run") or st.session_state.get("run")
    runs = [run for run in catalog().runs.all() if not finished or run.state == "done"]
    run = next((run for run in runs if run.id == chosen), None) or _archived(chosen, finished)
    if run is None:
        dataset_id = st.query_params.get("dataset") or st.session_state.get("dataset")
        mine = [run for run in runs if run.dataset_id == dataset_id]
        run = next(iter(mine or runs), None)
    choose_run(run.id if run else None)
    return run


def _archived(run_id: str | None, finished: bool) -> RunRecord | None:
    """A run that is offered no longer, for whoever has a link to it."""
    if run_id is None:
        return None
    try:
        run = catalog().runs.find(run_id)
    except NotFound:
        return None
    return run if run.state == "done" or not finished else None


def dataset_table(record: DatasetRecord) -> pd.DataFrame | None:
    """The curated table of a dataset, or ``None`` before its first scan."""
    if record.version == 0:
        return None
    try:
        return curation.curated(catalog(), record.id, record.version)
    except NotFound:
        return None


@st.cache_data(show_spinner=False, max_entries=16)
def _findings(home: str, dataset_id: str, version: int) -> list[Finding]:
    del home
    store = catalog()
    known = curation.known_alike(store, dataset_id, version)
    return find(curation.curated(store, dataset_id, version), alike=known)


def dataset_findings(record: DatasetRecord) -> list[Finding]:
    """What deserves a look in a dataset, at its present version."""
    return _findings(str(catalog().workspace.home), record.id, record.version)


def thumbnails(dataset_id: str, rows: pd.DataFrame) -> list[bytes]:
    """The thumbnails of some rows of a dataset's table, in their order."""
    places = zip(rows["thumb_at"], rows["thumb_bytes"], strict=True)
    return thumbs.read(catalog().workspace, dataset_id, places)
