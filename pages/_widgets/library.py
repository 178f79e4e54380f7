"""What can be done with the models that are selected in the library, and the bin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from core.catalog import RunRecord
from core.evaluation import library
from core.evaluation.library import Entry
from core.text import ago, apart, escape, likely, rate, size
from core.who import acting
from pages._widgets.binned import bin_panel
from pages._widgets.job import act, attempt
from pages._widgets.results.view import turn_to
from pages._widgets.session import catalog, choose_dataset, choose_run, forget, take
from pages._widgets.steps import go
from pages._widgets.visible import visible_popover

_DONE = "library-done"


def done_bar() -> None:
    """What was done last, with the way back."""
    done = st.session_state.get(_DONE)
    if done is None:
        return
    text, ids, what = done
    undo = (_undo, ids, what)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {text}")
        act("Undo", undo, icon="undo", key="library-undo")


def _undo(ids: Sequence[str], what: str) -> None:
    forget(_DONE)
    if what == "delete":
        _each(ids, catalog().runs.restore)
    else:
        _each(ids, catalog().runs.archive, False)


def _each(ids: Sequence[str], what: Callable[..., Any], *given: object) -> None:
    """Do one thing to each run; what can't be done to one is said, and the others go on."""
    for each in ids:
        attempt(what, each, *given)


def _put(entries: Sequence[Entry], what: Literal["archive", "delete"], text: str) -> None:
    """Archive or delete, so that it can be undone."""
    ids = [entry.run.id for entry in entries]
    runs = catalog().runs
    _each(ids, runs.delete if what == "delete" else runs.archive)
    gone = {run.id for run in runs.all(archived=what == "delete")}
    moved = [entry for entry in entries if entry.run.id not in gone]
    if moved:
        name = (
            f"“{escape(moved[0].run.name)}” is" if len(moved) == 1 else f"{len(moved)} models are"
        )
        st.session_state[_DONE] = (f"{name} {text}", [entry.run.id for entry in moved], what)
    if what == "delete" and st.session_state.get("run") in ids:
        choose_run(None)


def actions(chosen: Sequence[Entry]) -> None:
    """The buttons for what is selected."""
    one = chosen[0] if len(chosen) == 1 else None
    ids = [entry.run.id for entry in chosen]
    tested = [entry for entry in chosen if entry.run.state == "done"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if one is not None:
            if st.button("Open", type="primary", icon=":material/insights:", key="library-open"):
                open_run(one.run)
            if acting().may("trainer") and st.button(
                "Train with its settings",
                icon=":material/content_copy:",
                key="library-again",
                help="Opens Train with all of its settings filled in, to change and start.",
            ):
                train_like(one.run)
        elif st.button(
            "Compare",
            type="primary",
            icon=":material/compare_arrows:",
            key="library-compare",
            disabled=len(tested) < 2,
        ):
            _compare([entry.run for entry in tested])
        if not acting().may("trainer"):
            return
        starred = all(entry.run.starred for entry in chosen)
        act(
            "Take the star off" if starred else "Star",
            (_each, ids, catalog().runs.star, not starred),
            icon="star",
            key="library-star",
        )
        if all(entry.run.archived for entry in chosen):
            again = (_each, ids, catalog().runs.archive, False)
            act("Offer again", again, icon="unarchive", key="library-unarchive")
        else:
            act(
                "Archive",
                (_put, list(chosen), "archive", "archived."),
                icon="archive",
                key="library-archive",
                help="It is kept, but no longer offered where models are chosen.",
            )
        act(
            "Delete",
            (_put, list(chosen), "delete", "in the bin for a week."),
            icon="delete",
            key="library-delete",
        )
    for entry in chosen:
        others = library.starting_from(catalog(), entry.run)
        if others:
            names = ", ".join(f"“{escape(other.name)}”" for other in others[:5])
            st.caption(
                f":material/info: {names} started from the weights of “{escape(entry.run.name)}”. "
                "They keep what they have learned, but can’t be trained again from there without "
                "it."
            )


def open_run(run: RunRecord) -> None:
    """Show a run: its results, or its training."""
    go("results" if run.state == "done" else "train", **take(run))


def train_like(run: RunRecord) -> None:
    """Show Train with a run's settings filled in."""
    if any(record.id == run.dataset_id for record in catalog().datasets.all()):
        choose_dataset(run.dataset_id)
    choose_run(None)
    st.session_state["use_run"] = run.id
    go("train")


def _compare(runs: Sequence[RunRecord]) -> None:
    """The newest beside the others."""
    first, *others = sorted(runs, key=lambda run: -run.created_at)
    turn_to("compare", runs=[run.id for run in others])
    go("results", **take(first))


def details(entry: Entry, tags: Sequence[str]) -> None:
    """One run's name, tags and notes, to be changed; and what it takes."""
    run = entry.run
    with st.container(border=True):
        accuracy = "not tested yet"
        if entry.accuracy is not None:
            accuracy = (
                f"right on {rate(entry.accuracy, entry.images)} of {entry.images:,} test images"
            )
            if entry.low is not None and entry.high is not None:
                accuracy += f" ({likely(entry.low, entry.high, entry.images)})"
        st.markdown(f"**{escape(apart(run.name))}** · {accuracy} · {size(entry.disk)} on disk")
        if not acting().may("trainer"):
            if run.notes:
                st.markdown(escape(run.notes))
            return
        left, right = st.columns(2, gap="medium")
        with left:
            name = st.text_input("Name", run.name, key=f"library-name-{run.id}-{run.name}")
            act(
                "Rename",
                (catalog().runs.rename, run.id, name),
                key="library-rename",
                disabled=name.strip() == run.name,
            )
            chosen = st.multiselect(
                "Tags",
                sorted({*tags, *run.tags}, key=str.casefold),
                list(run.tags),
                accept_new_options=True,
                placeholder="Choose tags, or type new ones",
                key=f"library-tags-{run.id}-{'|'.join(run.tags)}",
            )
            if {*chosen} != {*run.tags}:
                catalog().runs.set_tags(run.id, chosen)
                st.rerun()
            visible_popover(run)
        with right:
            notes = st.text_area(
                "Notes",
                run.notes,
                key=f"library-notes-{run.id}",
                height=150,
                placeholder="What was tried, what it is for, what to watch out for …",
            )
            act(
                "Keep these notes",
                (catalog().runs.note, run.id, notes),
                key="library-note",
                disabled=notes.strip() == run.notes,
            )


def models_bin() -> None:
    """The models that were deleted."""
    entries = library.entries(catalog(), deleted=True)
    rows = {
        entry.run.id: {
            "name": entry.run.name,
            "dataset": entry.dataset,
            "deleted": ago(entry.run.deleted_at or 0),
            "size": size(entry.disk),
        }
        for entry in entries
    }
    takes = sum(entry.disk for entry in entries)
    told = "Each is kept for a week."
    bin_panel("model", rows, takes, told, catalog().runs.restore, _empty)


def _empty() -> list[RunRecord]:
    forget(_DONE)
    return library.empty_bin(catalog())
