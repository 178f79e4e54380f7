"""What this session was about and is not here any more: said, before something else is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.datasets import removal
from core.errors import NotFound
from core.jobs import kinds
from core.text import date, escape, shorten, size
from core.who import acting
from pages._widgets.binned import bin_panel
from pages._widgets.job import act
from pages._widgets.session import asked, catalog, choose_dataset, choose_run, unknown_run

_GONE = "gone"
# By id, the names of datasets that this session has shown: what has gone can't be asked for its.
_NAMES = "dataset-names"
# What a training is, or is about to be, whose dataset was removed below it.
_ENDED = ("cancelled", "queued", "running")


@dataclass(frozen=True)
class _Gone:
    """A sentence, how long it stands (until another dataset than ``shown`` is chosen), and the
    dataset that can be brought back."""

    text: str
    shown: str | None = None
    back: str = ""


def removed(record: DatasetRecord, stopped: Sequence[RunRecord]) -> None:
    """Let go of a dataset that was just removed here, and have the next page say so."""
    text = f"“{shorten(record.name)}” is removed."
    if record.origin == "folder":
        text += " Your own folder is as it was."
    choose_dataset(None)
    st.session_state[_GONE] = _Gone(text + _stopped(stopped), back=record.id)


def _stopped(runs: Sequence[RunRecord]) -> str:
    named = ", ".join(f"“{shorten(run.name, 40)}”" for run in runs)
    return f" Its training was stopped: {named}." if runs else ""


def unknown_sentence(noun: str, done: str, asked_for: str) -> str:
    """What is said of an address that asks for what there is none of."""
    return (
        f"There is no {noun} “{shorten(asked_for)}” here. It may have been {done}, or the link is "
        "not whole."
    )


def unknown_model(run_id: str) -> str:
    """The same of a model, by its name where it is in the bin."""
    try:
        name = catalog().runs.find(run_id, deleted=True).name
    except NotFound:
        return unknown_sentence("model", "deleted", run_id)
    return f"The model “{shorten(name)}” was deleted. It is in the bin, under Models."


def _no_dataset(dataset_id: str, name: str | None) -> str:
    if name is None:
        return unknown_sentence("dataset", "removed", dataset_id)
    hidden = ", or is not shown to you now" if acting().name else ""
    return f"The dataset “{shorten(name)}” is not here any more: it was removed{hidden}."


def dataset_gone(run: RunRecord) -> bool:
    """Whether the dataset that a run is about is not here any more."""
    return all(record.id != run.dataset_id for record in catalog().datasets.all())


def its_dataset_gone() -> str:
    """``Its dataset was removed``, for a run of one that is not here any more."""
    return "Its dataset was removed" + (" or is not shown to you now" if acting().name else "")


def notice_gone(*, tells_end: bool = False) -> None:
    """Notice that the dataset of the address, or of this session, has gone: somebody removed it,
    here or elsewhere.

    Args:
        tells_end: the page says itself what became of a training whose dataset has gone.
    """
    records = {each.id: each.name for each in catalog().datasets.all()}
    names: dict[str, str] = st.session_state.setdefault(_NAMES, {})
    names.update(records)
    dataset_id, run_id = asked("dataset"), asked("run")
    if not dataset_id or dataset_id in records:
        return
    runs = catalog().runs.all(dataset_id, archived=True)
    run = next((run for run in runs if run.id == run_id), None)
    choose_dataset(None)
    if run is not None and (tells_end or run.state == "done"):
        choose_run(run.id)
        if run.state != "done":
            return
    text = _no_dataset(dataset_id, names.get(dataset_id))
    text += _stopped([run] if run is not None and run.state in _ENDED else [])
    if any(run.state == "done" for run in runs):
        text += " What was trained on it is still under Models."
    st.session_state[_GONE] = _Gone(text, back=dataset_id)


def say_gone(record: DatasetRecord | None, *, says_itself: bool) -> None:
    """Say what has gone and what is open instead, until it is closed or something is chosen.

    Args:
        says_itself: the page has its own sentence about a model that there is none of.
    """
    gone: _Gone | None = st.session_state.get(_GONE)
    now = record.id if record is not None else ""
    if gone is not None and gone.shown is None:
        gone = st.session_state[_GONE] = replace(gone, shown=now)
    if gone is not None and gone.shown != now:
        del st.session_state[_GONE]
        gone = None
    run_id = "" if says_itself else unknown_run()
    said = [gone.text] if gone is not None else []
    said += [unknown_model(run_id)] if run_id else []
    if not said:
        return
    said += [f"Open now: “{shorten(record.name)}”."] if record is not None else []
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="gone"):
        st.markdown(f":material/delete: {escape(' '.join(said))}", width="stretch")
        if gone is not None and gone.back in {each.id for each in _in_bin()}:
            act("Undo", (_bring_back, gone.back), icon="undo", key="gone-undo")
        act("Close", _close, key="gone-close", type="tertiary")


def datasets_bin() -> None:
    """The datasets that were removed."""
    workspace, records = catalog().workspace, _in_bin()
    takes = {record.id: removal.takes(workspace, record.id) for record in records}
    rows = {
        record.id: {
            "name": record.name,
            "images": f"{record.images:,}",
            "kept until": date(removal.kept_until(record)),
            "size": size(takes[record.id]),
        }
        for record in records
    }
    told = "Each is kept for 30 days."
    empty = partial(removal.empty_bin, catalog())
    bin_panel("dataset", rows, sum(takes.values()), told, _bring_back, empty)


def _in_bin() -> list[DatasetRecord]:
    """What whoever acts may bring back."""
    return catalog().datasets.all(deleted=True) if acting().may("labeller") else []


def _bring_back(dataset_id: str) -> None:
    record = kinds.restore_dataset(catalog(), dataset_id)
    st.session_state.pop(_GONE, None)
    st.session_state["adding"] = False
    choose_dataset(record.id)
    st.toast(f"“{escape(shorten(record.name))}” is back.", icon=":material/restore_from_trash:")


def _close() -> None:
    st.session_state.pop(_GONE, None)
    if unknown_run():
        choose_run(None)
