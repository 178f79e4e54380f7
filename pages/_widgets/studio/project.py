"""What is being worked on, and the ways to something else: the line on top of the studio, and what
there is for whoever has no photos at hand."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.datasets import intake, removal
from core.datasets.downloads import is_reachable
from core.datasets.known_sets import KNOWN, KnownSet
from core.datasets.sample import SAMPLES
from core.quality import by_hand
from core.text import apart, escape, images, plural, shorten, size
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


def ways() -> None:
    """The sample, and known sets where there is network."""
    with st.container(horizontal=True):
        # Callbacks: what a click asks for is done even if another rerun comes in between.
        sample = partial(open_sample, "fruit", then_train=True)
        act("Try the fruit sample", sample, icon="auto_awesome", key="studio-sample")
        known = st.popover("Known sets", icon=":material/public:", on_change="rerun", key="known")
    if known.open:
        with known:
            _known()


def _known() -> None:
    there = _is_there()
    if not there:
        st.info(
            "There is no network now, so only what was downloaded before can be opened.",
            icon=":material/wifi_off:",
        )
    for each in KNOWN.values():
        here = each.is_downloaded
        how = "on this computer" if here else f"{size(each.download_bytes)} to download"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{escape(each.title)}** · {each.images:,} images · {how}  \n"
                f"{escape(each.sentence)} Licence: {escape(each.licence)}.",
                width="stretch",
            )
            act(
                "Open" if here else "Get",
                (_open, each),
                key=f"studio-known-{each.key}",
                disabled=not (here or there),
            )


@st.cache_data(show_spinner=False, ttl=30)
def _is_there() -> bool:
    return is_reachable(KNOWN["flowers"].files[0])


def _open(known: KnownSet) -> None:
    bring_in(intake.add_known(catalog(), known.key))
