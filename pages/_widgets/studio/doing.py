"""What people do to their classes in the studio, with a word about it and a way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from core.catalog import DatasetRecord
from core.datasets import intake
from core.datasets.upload import UploadStage
from core.errors import LightboxError
from core.jobs import kinds
from core.quality import by_hand, curation
from core.quality.class_names import renamed
from core.text import escape, plural, shorten
from pages._widgets.job import act
from pages._widgets.session import catalog, forget
from pages._widgets.studio import project
from pages._widgets.studio.cards import Event

_SAID = "studio-said"
_ASKED = "studio-asked"
SEEN = "studio-seen"
_SHOWN_LEFT_OUT = 3


@dataclass(frozen=True)
class Said:
    """What was done last in this session.

    Attributes:
        dataset_id: to which dataset; "" where nothing can be undone.
        versions: decisions that undo it.
        paths: images that came, which undo leaves out again.
        begun: a class that came with them, which goes with them.
    """

    text: str
    wrong: bool = False
    dataset_id: str = ""
    versions: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    begun: str = ""


@dataclass(frozen=True)
class Asked:
    """A folder of classes that was dropped where there are classes already."""

    token: str
    folder: str
    refused: tuple[tuple[str, str], ...]


def say(text: str, **more: Any) -> None:
    """Let the column say something when it is drawn next, as :class:`Said` has it."""
    st.session_state[_SAID] = Said(text, **more)


def say_decided(record: DatasetRecord) -> None:
    """Let the column say what was just decided elsewhere on the page, with the way back."""
    dataset_id, versions, said = st.session_state.get("decided", ("", (), ""))
    if dataset_id == record.id:
        say(said, dataset_id=record.id, versions=tuple(versions))


def last_said(record: DatasetRecord | None) -> None:
    """What was done last, and Undo; it stays until the next thing is done."""
    said: Said | None = st.session_state.get(_SAID)
    if said is None or (said.dataset_id and (record is None or said.dataset_id != record.id)):
        return
    with st.container(
        horizontal=True, vertical_alignment="center", border=True, key="studio-last-said"
    ):
        icon = "error" if said.wrong else "check"
        st.markdown(f":material/{icon}: {escape(said.text)}")
        if said.versions or said.paths:
            if st.button("Undo", icon=":material/undo:", key="studio-undo"):
                _undo()
                st.rerun()
        else:
            act("Close", (forget, _SAID), key="studio-said-close", type="tertiary")


def leave_out(record: DatasetRecord, label: str, paths: list[str]) -> None:
    """Take photos out of a class; their files stay."""
    change = curation.decide(catalog(), record.id, "exclude", paths, why="Taken out in the studio")
    if change is not None:
        text = f"{plural(len(paths), 'photo')} taken out of “{shorten(label)}”."
        say(text, dataset_id=record.id, versions=(change.version,))


def _undo() -> None:
    said: Said = st.session_state.pop(_SAID)
    try:
        if said.versions:
            curation.undo(catalog(), said.dataset_id, said.versions)
        if said.paths:
            curation.decide(catalog(), said.dataset_id, "exclude", said.paths, why="Undone")
        if said.begun:
            by_hand.remove_class(catalog(), said.dataset_id, said.begun)
    except LightboxError as error:
        say(str(error), wrong=True)


def do(record: DatasetRecord | None, events: list[Event]) -> None:
    """Do what was asked for; what can't be done is said, and the rest goes on."""
    for event in events:
        try:
            record = _do(record, event)
        except LightboxError as error:
            say(str(error), wrong=True)


def _do(record: DatasetRecord | None, event: Event) -> DatasetRecord | None:
    if event.do == "cancel":
        if record is not None and record.job_id is not None:
            catalog().jobs.request_cancel(record.job_id)
    elif event.do == "see":
        st.session_state[SEEN] = event.label
    elif event.do == "photos":
        return _photos(record, event)
    elif event.do in ("add", "rename", "remove"):
        return _class(record or _start(), event)
    return record


def _class(record: DatasetRecord, event: Event) -> DatasetRecord:
    store, label = catalog(), event.label or ""
    if event.do == "add":
        versions = [by_hand.add_class(store, record.id).version]
        text = ""
    elif event.do == "rename":
        versions = by_hand.rename_class(store, record.id, label, event.name)
        text = renamed(label, event.name)
    else:
        versions = by_hand.remove_class(store, record.id, label)
        text = f"“{shorten(label)}” is taken out."
    if text:
        say(text, dataset_id=record.id, versions=tuple(versions))
    else:
        forget(_SAID)
    return record


def _photos(record: DatasetRecord | None, event: Event) -> DatasetRecord:
    stage = UploadStage(catalog().workspace, event.token)
    if event.file:
        new = intake.add_archive(catalog(), stage.archive, event.file, take=True)
        stage.abandon()
        return _import(record, new)
    if event.label is not None or not stage.has_folders:
        record = record or _start()
        label = event.label
        if label is None:
            label = str(by_hand.add_class(catalog(), record.id).payload["label"])
        stage.gather(label)
        return _add(record, stage, event)
    if record is None or not record.images:
        return _import(record, _finish(stage, event.folder, event.refused))
    if stage.holds_classes:
        return _add(record, stage, event)
    st.session_state[_ASKED] = Asked(event.token, event.folder, tuple(event.refused))
    return record


def _add(record: DatasetRecord, stage: UploadStage, event: Event) -> DatasetRecord:
    paths = stage.add_to(catalog(), record.id)
    kinds.submit_scan(catalog(), record.id)
    where = f" to “{shorten(event.label)}”" if event.label is not None else ""
    text = f"{plural(len(paths), 'photo')} added{where}.{_left_out(event.refused)}"
    say(text, dataset_id=record.id, paths=tuple(paths))
    return catalog().datasets.get(record.id)


def _finish(stage: UploadStage, folder: str, refused: list[tuple[str, str]]) -> DatasetRecord:
    name = catalog().datasets.free_name((folder or by_hand.NAME)[:90])
    return stage.finish(catalog(), name, refused)


def _import(before: DatasetRecord | None, new: DatasetRecord) -> DatasetRecord:
    """Go on with a dataset that was just made; blank cards that nobody used are forgotten."""
    kinds.submit_import(catalog(), new.id)
    project.leave(before)
    forget(_SAID)
    project.open_dataset(new.id)
    return new


def _start() -> DatasetRecord:
    record = by_hand.start(catalog())
    project.open_dataset(record.id)
    return record


def _left_out(refused: list[tuple[str, str]]) -> str:
    if not refused:
        return ""
    named = "; ".join(f"{path}: {why}" for path, why in refused[:_SHOWN_LEFT_OUT])
    return f" {plural(len(refused), 'file')} left out. {named}"


def asked(record: DatasetRecord | None) -> bool:
    """Where a folder of classes was dropped on a project: ask whether it belongs to it."""
    pending: Asked | None = st.session_state.get(_ASKED)
    if pending is None or record is None:
        return False
    _ask(record, pending)
    return True


@st.dialog("Where does this folder belong?", on_dismiss=partial(forget, _ASKED))
def _ask(record: DatasetRecord, pending: Asked) -> None:
    stage = UploadStage(catalog().workspace, pending.token)
    st.write(f"{plural(stage.count, 'photo')} in “{escape(pending.folder or 'these folders')}”.")
    with st.container(horizontal=True):
        new = st.button("A new project", type="primary", key="studio-ask-new")
        add = st.button(f"Add to “{escape(shorten(record.name, 40))}”", key="studio-ask-add")
    if not (new or add):
        return
    forget(_ASKED)
    try:
        if new:
            _import(record, _finish(stage, pending.folder, list(pending.refused)))
        else:
            _add(record, stage, Event("photos", refused=list(pending.refused)))
    except LightboxError as error:
        say(str(error), wrong=True)
    st.rerun()
