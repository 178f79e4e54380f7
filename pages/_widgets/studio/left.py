"""Your classes: a card each, what is wrong with them in a line, and the ways in."""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np
import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord, JobRecord
from core.datasets import removal
from core.errors import LightboxError, NotFound
from core.jobs import kinds
from core.jobs.live import live
from core.quality import by_hand
from core.quality.by_hand import ClassByHand
from core.quality.curation import usable
from core.quality.thumbs import data_uri
from core.text import duration, escape, plural, shorten
from core.who import acting
from pages._widgets.gallery import gallery, page_of, photo_tiles
from pages._widgets.gone import removed
from pages._widgets.remembered import remembered
from pages._widgets.session import (
    catalog,
    choose_dataset,
    dataset_table,
    forget,
    job_of,
    thumbnails,
)
from pages._widgets.studio import doing, project, wrong
from pages._widgets.studio.cards import Busy, Card, cards

_EVERY_S = 0.6
_PICTURES = 6
_CARDS = 12
_PAGE = 40
_TINY = 48


def draw(record: DatasetRecord | None) -> None:
    going = _going(record) is not None
    column = st.fragment(_column, run_every=_EVERY_S if going else None)
    column(record.id if record is not None else None, going)
    # Outside of the column: what it leads to draws the whole page.
    unused = record is None or by_hand.is_blank(catalog(), record)
    if unused and acting().may("labeller"):
        project.ways()


def dialogs(record: DatasetRecord | None) -> None:
    """What the column asks or shows over the page; one at a time."""
    if doing.asked(record) or record is None or wrong.layout_asked(record):
        return
    label = st.session_state.get(doing.SEEN)
    if label is not None:
        forget_it = partial(forget, doing.SEEN)
        st.dialog(shorten(label, 60), width="large", on_dismiss=forget_it)(_photos)(record, label)


def _column(dataset_id: str | None, watching: bool) -> None:
    st.subheader("Your classes")
    try:
        record = catalog().datasets.get(dataset_id) if dataset_id is not None else None
    except NotFound:
        st.rerun()
    job = _going(record)
    if watching and job is None:
        st.rerun()
    if record is not None and job is None:
        _problem(record)
        wrong.lines(record)
    classes = part = _classes(record) if record is not None else []
    if len(classes) > _CARDS:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            wanted = st.text_input(
                "Find a class",
                placeholder=f"Find one of {len(classes)} classes",
                label_visibility="collapsed",
                key=f"studio-find-{dataset_id}",
                width=220,
            )
            found = [each for each in classes if wanted.strip().lower() in each.label.lower()]
            part = found
            if len(found) > _CARDS:
                part = found[page_of(len(found), key=f"studio-page-{dataset_id}", size=_CARDS)]
        if not found:
            st.caption(f"No class is called anything like “{escape(shorten(wanted.strip()))}”.")
    shown = _cards(record, part) if record is not None else [Card(one, 0) for one in by_hand.BLANK]
    more = record is None or record.version > 0
    events = cards(shown, busy=_busy(job), hint=job is None, more=more)
    doing.last_said(record)
    if events:
        doing.do(record, events)
        st.rerun()


def _going(record: DatasetRecord | None) -> JobRecord | None:
    """The job that brings images in or looks at them, while there is one."""
    job = job_of(record) if record is not None else None
    return None if job is None or job.finished else job


def _busy(job: JobRecord | None) -> Busy | None:
    if job is None:
        return None
    view = live(catalog(), job.id)
    text = view.doing
    if view.job.total and view.job.phase != "download":
        text += f" · {view.job.done:,} of {view.job.total:,}"
    if view.seconds_left is not None and view.seconds_left >= 1:
        text += f" · about {duration(view.seconds_left)} left"
    return Busy("Stopping …" if view.job.cancel_requested else text, view.fraction)


def _problem(record: DatasetRecord) -> None:
    """An import or a look at the images that did not end well."""
    job = job_of(record)
    if record.state == "failed":
        st.error(escape(record.problem or "The import did not finish."), icon=":material/error:")
        with st.container(horizontal=True):
            # In a fragment a click would draw no more than the column again.
            if st.button("Try again", icon=":material/refresh:", key="studio-again"):
                catalog().datasets.set(record.id, state="importing", problem="")
                kinds.submit_import(catalog(), record.id)
                st.rerun()
            if st.button("Remove it", icon=":material/delete:", key="studio-remove"):
                _remove(record.id)
                st.rerun()
    elif job is not None and job.state in ("failed", "interrupted") and job.error:
        st.error(escape(job.error), icon=":material/error:")


def _remove(dataset_id: str) -> None:
    try:
        record = catalog().datasets.get(dataset_id)
        removed(record, removal.remove(catalog(), dataset_id))
    except LightboxError as error:
        doing.say(str(error), wrong=True)
        choose_dataset(None)


@remembered(lambda record: (record.id, record.version), max_entries=8)
def _classes(record: DatasetRecord) -> list[ClassByHand]:
    return by_hand.classes_of(catalog(), record.id)


def _cards(record: DatasetRecord, classes: list[ClassByHand]) -> list[Card]:
    some = [_spread(each.paths) for each in classes]
    table = dataset_table(record)
    if table is None:
        return [Card(each.label, each.images) for each in classes]
    rows = pd.Index(table["path"]).get_indexer([path for paths in some for path in paths])
    found = table.iloc[rows]
    pictures = map(data_uri, thumbnails(record.id, found))
    sides = iter(found[["width", "height"]].max(axis=1).tolist())
    return [
        Card(
            each.label,
            each.images,
            [one for one in islice(pictures, len(paths)) if one],
            tiny=max(islice(sides, len(paths)), default=_TINY + 1) <= _TINY,
        )
        for each, paths in zip(classes, some, strict=True)
    ]


def _spread(paths: tuple[str, ...]) -> list[str]:
    """A few from the first to the last: neighbours may be frames of one recording."""
    if len(paths) <= _PICTURES:
        return list(paths)
    return [paths[at] for at in np.linspace(0, len(paths) - 1, _PICTURES).round().astype(int)]


def _photos(record: DatasetRecord, label: str) -> None:
    """All photos of a class, to take some of them out."""
    table = dataset_table(record)
    if table is None:
        return
    good = usable(table)
    rows = good[good["label"] == label]
    st.caption(f"{plural(len(rows), 'photo')}. Choose those to take out; their files stay.")
    part = rows.iloc[page_of(len(rows), key=f"studio-see-{label}", size=_PAGE)]
    chosen = gallery(
        photo_tiles(record.id, part, lambda _: ""),
        key=f"studio-seen-{record.id}-{label}",
        label=f"Photos of {label}",
        pick=True,
    )
    many = plural(len(chosen), "photo") if chosen else "photos"
    if st.button(f"Take {many} out", icon=":material/delete:", disabled=not chosen):
        doing.leave_out(record, label, chosen)
        st.rerun()
