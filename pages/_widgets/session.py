"""What a browser session is about: which dataset and which run, by id, also in the address.

Ids are all that a session holds; everything else is read from core, so a reload, a second browser
or a link that somebody was sent shows the same.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import cache

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import settings
from core.access.opened import keep_opened, last_opened
from core.catalog import Catalog, DatasetRecord, JobRecord, RunRecord, open_catalog
from core.datasets import removal
from core.errors import LightboxError, NotFound
from core.evaluation.library import KEPT_S, empty_bin
from core.jobs.supervisor import ensure_running
from core.progress import Throttle
from core.quality import curation, thumbs
from core.quality.findings import Finding, find, taken_as_kind
from core.runs.pictures import Picture, run_pictures
from core.text import escape
from core.who import MACHINE, acting_as
from core.workspace import open_workspace
from pages._widgets.remembered import remembered

_due = Throttle(20)
# By kind: what stood in the address before the session chose something else.
_LEFT = "address-left"
# The dataset that was last kept as the one that is open.
_OPENED = "opened"
# The run of the page in which was said that pictures are missing.
_MISSING = "pictures-missing"


def catalog() -> Catalog:
    """The catalog, with workers at hand; opened once for all sessions."""
    return _open(settings.home_as_named())


@st.cache_resource(show_spinner=False)
def _open(home: str) -> Catalog:
    del home  # a part of the key only
    # Whoever's page is the first: this is done for all.
    with acting_as(MACHINE):
        workspace = open_workspace()
        workspace.sweep_staging()
        opened = open_catalog(workspace)
        ensure_running(
            workspace,
            lanes=settings.load().lanes,
            ray_lanes=settings.LANES if settings.ray() else (),
        )
        # Once somebody tends a store: it isn't waited for then.
        empty_bin(opened, older_than_s=KEPT_S)
        removal.empty_bin(opened, older_than_s=removal.KEPT_S)
    _leave_libraries_alone()
    return opened


@cache
def _leave_libraries_alone() -> None:
    """What stays anyway is left out of garbage collection."""
    gc.collect()
    gc.freeze()


def collect_now_and_then() -> None:
    """Collect garbage after a page was drawn, if that is some time ago.

    Streamlit would after each run, also of a part that is drawn twice a second while a training is
    watched: that takes as long as the drawing itself.
    """
    if _due():
        gc.collect()


def choose_dataset(dataset_id: str | None) -> None:
    """Make this the session's dataset, here and in the address; a run of another one is let go."""
    _choose("dataset", dataset_id)
    run = _asked_run()
    if run is not None and run.dataset_id != dataset_id:
        _choose("run", None)


def choose_run(run_id: str | None) -> None:
    """Make this the session's run, here and in the address; its dataset comes along."""
    _choose("run", run_id)
    _take_dataset_along()


def take(run: RunRecord) -> dict[str, str]:
    """Make this the session's run; returns what the address of the page says that is gone to now.

    In place of :func:`choose_run`, which writes to this page's: one more step on the way back.
    """
    now = {"dataset": run.dataset_id, "run": run.id}
    st.session_state.update(now)
    return now


def _choose(kind: str, value: str | None) -> None:
    if (before := st.query_params.get(kind)) != value and before:
        st.session_state.setdefault(_LEFT, {})[kind] = before
    if value is None:
        st.session_state.pop(kind, None)
        st.query_params.pop(kind, None)
    else:
        st.session_state[kind] = value
        if st.query_params.get(kind) != value:
            st.query_params[kind] = value


def put(key: str, value: object) -> None:
    """For callbacks: have the session hold something."""
    st.session_state[key] = value


def forget(*keys: str) -> None:
    """For callbacks: have the session hold this no longer."""
    for key in keys:
        st.session_state.pop(key, None)


def turn(key: str) -> int:
    """How often something has begun anew: a widget with this number in its key begins anew too."""
    return int(st.session_state.get(key, 0))


def next_turn(*keys: str) -> None:
    """For callbacks: have these begin anew."""
    for key in keys:
        st.session_state[key] = turn(key) + 1


def asked(kind: str) -> str | None:
    """What was asked for: by the address, else by what was done last in this session."""
    return st.query_params.get(kind) or st.session_state.get(kind)


def _asked_run() -> RunRecord | None:
    run_id = asked("run")
    try:
        return catalog().runs.find(run_id) if run_id else None
    except NotFound:
        return None


def _take_dataset_along() -> None:
    run = _asked_run()
    if run is None or run.dataset_id == asked("dataset"):
        return
    if any(record.id == run.dataset_id for record in catalog().datasets.all()):
        st.session_state["dataset"] = run.dataset_id
        if "dataset" in st.query_params:
            st.query_params["dataset"] = run.dataset_id


def settle() -> None:
    """Before anything is drawn: what the address asks for is what the session is about, and a run
    that is opened by a link takes its own dataset along."""
    left: dict[str, str] = st.session_state.setdefault(_LEFT, {})
    context = get_script_run_ctx(suppress_warning=True)
    # Somebody has gone back or forward in the browser to where the session is now.
    if context is not None and context.is_history_navigation:
        left.clear()
    for kind in ("dataset", "run"):
        wanted, chosen = st.query_params.get(kind), st.session_state.get(kind)
        if wanted and wanted != chosen and wanted == left.get(kind):
            # A browser that had not heard of the choice yet; what redraws itself says it each time.
            _choose(kind, chosen)
        elif wanted:
            st.session_state[kind] = wanted
    if st.query_params.get("run"):
        _take_dataset_along()
        return
    run = _asked_run()
    if run is not None and run.dataset_id != asked("dataset"):
        st.session_state.pop("run")


def where() -> dict[str, str]:
    """What the session is about, for the address of another page."""
    return {kind: value for kind in ("dataset", "run") if (value := asked(kind))}


def unknown_run() -> str:
    """The run that the address asks for, if there is none like that; else ""."""
    run_id = st.query_params.get("run", "")
    return run_id if run_id and _asked_run() is None else ""


# Neither of these writes into the address what nobody asked for: each time that it is written to
# is one more step on the way back.
def current_dataset() -> DatasetRecord | None:
    """The session's dataset: from the address, else what was last used here, else what this person
    had open last, else the newest. A failed import is none, unless it was asked for."""
    chosen = asked("dataset")
    records = catalog().datasets.all()
    record = next((record for record in records if record.id == chosen), None)
    if record is None:
        fine = [record for record in records if record.state != "failed"]
        last = last_opened(catalog().workspace) if fine else None
        record = next((r for r in fine if r.id == last), None)
        record = record or next((r for r in fine if r.state == "ready"), fine[0] if fine else None)
    _remember("dataset", record.id if record else None)
    if record is not None and st.session_state.get(_OPENED) != record.id:
        keep_opened(catalog().workspace, record.id)
        st.session_state[_OPENED] = record.id
    return record


def current_run() -> RunRecord | None:
    """The session's run that has a model: from the address, else what was last used here, else the
    newest of the session's dataset; of any where there is no dataset."""
    run = _asked_run()  # also one that is offered no longer
    if run is None or run.state != "done":
        record = current_dataset()
        runs = catalog().runs.all(record.id if record is not None else None)
        run = next((run for run in runs if run.state == "done"), None)
    _remember("run", run.id if run else None)
    return run


def _remember(kind: str, value: str | None) -> None:
    if value is not None:
        st.session_state[kind] = value
    elif kind in st.session_state:
        del st.session_state[kind]


def job_of(record: DatasetRecord) -> JobRecord | None:
    """The job that brings a dataset in or looks at it, the latest; ``None`` before any."""
    return catalog().jobs.get(record.job_id) if record.job_id else None


def dataset_table(record: DatasetRecord) -> pd.DataFrame | None:
    """The curated table of a dataset, or ``None`` before its first scan."""
    if record.version == 0:
        return None
    try:
        return curation.curated(catalog(), record.id, record.version)
    except NotFound:
        return None


# Shared, and so never copied: of very many images they are long.
@remembered(lambda record: (record.id, record.version), shared=True, max_entries=8)
def _findings(record: DatasetRecord) -> tuple[list[Finding], list[Finding]]:
    table = curation.curated(catalog(), record.id, record.version)
    known = curation.known_alike(catalog(), record.id, record.version)
    return find(table, alike=known), taken_as_kind(table)


def dataset_findings(record: DatasetRecord) -> list[Finding]:
    """What deserves a look in a dataset, at its present version."""
    return _findings(record)[0]


def dataset_kinds(record: DatasetRecord) -> list[Finding]:
    """What is not among them, since nearly all images are so."""
    return _findings(record)[1]


def thumbnails(dataset_id: str, rows: pd.DataFrame) -> list[bytes]:
    """The thumbnails of some rows of a dataset's table, in their order."""
    places = zip(rows["thumb_at"], rows["thumb_bytes"], strict=True)
    return thumbs.read(catalog().workspace, dataset_id, places, say_missing)


def pictures_of_run(run: RunRecord, paths: Sequence[str]) -> list[Picture]:
    """Thumbnails of images of a run's dataset, in this order."""
    return run_pictures(catalog(), run, paths, say_missing)


def say_missing(error: LightboxError) -> None:
    """Say why some pictures aren't there, once a run of the page; all else stands."""
    context = get_script_run_ctx(suppress_warning=True)
    # Made anew for each run, so it tells one from the next.
    run = context.cursors if context is not None else None
    if run is not None and st.session_state.get(_MISSING) is run:
        return
    st.session_state[_MISSING] = run
    said = f"Some pictures can’t be shown. {error}"
    st.warning(escape(said), icon=":material/hide_image:")
