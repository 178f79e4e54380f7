"""One button that trains; then the training at a glance, and what came of it in a sentence."""

from __future__ import annotations

import streamlit as st

from core import settings
from core.catalog import DatasetRecord, RunRecord
from core.errors import InvalidInput
from core.jobs.crew import nobody_trains
from core.quality.curation import curated, usable
from core.text import escape
from core.training.again import changed_since
from core.training.checks import hard_to_test
from core.training.spec import TrainSpec
from core.training.start import create_run, suggest_spec
from pages._widgets.ahead import prepare_ahead
from pages._widgets.ended import BAD, go_on, had_done
from pages._widgets.job import attempt
from pages._widgets.recipes import takes
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, dataset_table
from pages._widgets.steps import lead
from pages._widgets.studio.outcome import outcome
from pages._widgets.studio.project import newest_run
from pages._widgets.studio.training import watch_run

_NOTHING_NEW = "Nothing has changed since: it would learn from the same photos again."


@st.fragment
def draw(record: DatasetRecord | None) -> None:
    st.subheader("Train")
    runs = catalog().runs.all(record.id) if record is not None else []
    model = newest_run(record)
    going = [run for run in runs if not run.finished]
    if going:
        with st.container(key="studio-going"):
            watch_run(going[-1].id)
        if len(going) > 1:
            st.caption(f"{len(going) - 1} more wait in the queue.")
    else:
        latest = next(iter(runs), None)
        if latest is not None and latest.state in BAD:
            _not_done(latest)
    known = record is not None and model is not None and not _changed(model, record)
    if model is not None and (known or going):
        outcome(model)
    if not going:
        _button(record, known)
    if model is not None and not (known or going):
        outcome(model)


def _button(record: DatasetRecord | None, known: bool) -> None:
    """The button with the time that it takes, or why it can't be pressed.

    Args:
        known: there is a model that has learned from all of it.
    """
    spec, why = _spec(record)
    label = "Train again" if known else "Train"
    if spec is not None and record is not None:
        table = dataset_table(record)
        assert table is not None
        label += takes(spec, usable(table))
        if settings.load().ahead:
            prepare_ahead(spec)
    if st.button(
        label,
        type="secondary" if known else "primary",
        disabled=spec is None,
        width="stretch",
        key="studio-train",
        help=_NOTHING_NEW if known else None,
    ):
        assert spec is not None
        attempt(create_run, catalog(), spec)
        st.rerun()
    if spec is not None and (nobody := nobody_trains(catalog())):
        st.caption(f":material/schedule: {escape(nobody)}")
    if why:
        st.caption(escape(why))
    elif spec is not None and record is not None and not known:
        for text in _doubts(record, spec):
            st.caption(f":material/warning: {escape(text)}")
    if not why:
        lead("Other ways", "train", type="tertiary", key="studio-ways")


@remembered(lambda run, record: (run.id, record.version), max_entries=64)
def _changed(run: RunRecord, _: DatasetRecord) -> bool:
    """Whether there is something new to learn at the dataset's version."""
    return changed_since(catalog(), run)


def _spec(record: DatasetRecord | None) -> tuple[TrainSpec | None, str]:
    """What the button would train with, or why nothing can be trained."""
    table = dataset_table(record) if record is not None else None
    if record is None or (record.origin == "studio" and record.job_id is None):
        return None, "Needs photos of two classes."
    if table is None:
        if record.state == "failed":
            return None, "The photos could not be brought in, so there is nothing to learn from."
        return None, "The photos are being brought in. Training can start right after."
    found = _suggested(record)
    return (None, found) if isinstance(found, str) else (found, "")


# Not for long: weights may have been downloaded meanwhile.
@remembered(lambda record: (record.id, record.version), max_entries=16, ttl=60)
def _suggested(record: DatasetRecord) -> TrainSpec | str:
    """The settings, or why nothing can be trained."""
    good = usable(curated(catalog(), record.id, record.version))
    if good["label"].nunique() < 2:
        return "A classifier needs two classes at least. Add photos of another one."
    try:
        return suggest_spec(catalog(), record.id)
    except InvalidInput as error:
        return str(error)


@remembered(lambda record, spec: (record.id, record.version, repr(spec)), max_entries=16)
def _doubts(record: DatasetRecord, spec: TrainSpec) -> list[str]:
    """What should be known before the start."""
    return hard_to_test(spec, usable(curated(catalog(), record.id, record.version)))


def _not_done(run: RunRecord) -> None:
    stopped = catalog().jobs.get(run.job_id).wishes.stop
    if run.state == "cancelled" and stopped:
        had = had_done(run)
        kept = f" after {had}." if had else "; nothing of it was kept."
        st.info(f"You cancelled this training{kept}", icon=":material/close:")
    else:
        st.error(f"{BAD[run.state]} {escape(run.error)}", icon=":material/error:")
    go_on(run)
