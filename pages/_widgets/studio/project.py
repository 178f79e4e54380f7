"""What is being worked on, and the way to something else: the line on top of the studio."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.datasets import intake, removal
from core.datasets.sample import SAMPLES
from core.quality import by_hand
from core.text import apart, escape, images, plural, shorten
from core.training.search import newest_or_best
from pages._widgets.intake import import_once
from pages._widgets.job import act
from pages._widgets.session import catalog, choose_dataset, choose_run, current_dataset
from pages._widgets.steps import lead

_MOST = 12


def newest_run(record: DatasetRecord | None) -> RunRecord | None:
    """The dataset's newest run that has a model; of a search the one that was best."""
    runs = catalog().runs.all(record.id) if record is not None else []
    return newest_or_best([run for run in runs if run.state == "done"])


def draw(record: DatasetRecord | None) -> None:
    name = shorten(record.name, 40) if record is not None else "New project"
    # One for each project, so that it is closed when another one is chosen.
    key = f"project-of-{record.id if record is not None else 'nothing'}"
    with st.popover(escape(name), icon=":material/folder_open:", type="tertiary", key=key):
        others = [each for each in catalog().datasets.all() if record is None or each != record]
        with st.container(horizontal=True):
            act("New", begin, icon="add", key="project-new")
            for key, sample in SAMPLES.items():
                act(
                    f"Sample: {sample.name.lower()}",
                    (open_sample, key),
                    icon="auto_awesome",
                    key=f"project-sample-{key}",
                )
        for each in others[:_MOST]:
            act(
                f"{escape(apart(shorten(each.name, 40)))} · {_state(each)}",
                (open_dataset, each.id),
                key=f"project-{each.id}",
                type="tertiary",
            )
        lead("All datasets", "data", key="project-datasets", type="tertiary")
        lead("All models", "models", key="project-models", type="tertiary")


def begin() -> None:
    """For callbacks: a project of one's own, which is there from now on; one that nobody has used
    yet will do."""
    open_dataset((by_hand.blank(catalog()) or by_hand.start(catalog())).id)


def open_sample(key: str, *, then_train: bool = False) -> None:
    """For callbacks: open a sample, which is brought in if it is not here yet, and perhaps trained
    on."""
    bring_in(intake.add_sample(catalog(), key), then_train=then_train)


def bring_in(record: DatasetRecord, *, then_train: bool = False) -> None:
    """For callbacks: open a dataset in place of a project that nobody has used, and queue its
    import if it is not here yet."""
    import_once(record, then_train=then_train)
    leave(current_dataset())
    open_dataset(record.id)


def leave(record: DatasetRecord | None) -> None:
    """Forget a project that nobody has used, for another one that is opened in its place."""
    if record is not None and by_hand.is_own_blank(catalog(), record):
        removal.forget(catalog(), record.id)


def open_dataset(dataset_id: str) -> None:
    """For callbacks: go on with another dataset."""
    choose_dataset(dataset_id)
    choose_run(None)


def _state(record: DatasetRecord) -> str:
    if record.state == "failed":
        return "not imported"
    if record.state != "ready":
        return "being imported"
    if not record.images:
        return "no photos yet"
    return f"{images(record.images)}, {plural(record.classes, 'class', 'classes')}"
