"""Decisions about images, made on a page and offered to be taken back right after."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord
from core.catalog.changes import DECISIONS
from core.quality import curation
from core.text import escape, images
from pages._widgets.session import catalog, next_turn, turn


def decide(
    record: DatasetRecord, action: str, paths: list[str], why: str, label: str | None = None
) -> None:
    """Log a decision and draw the page again; nothing happens when there is no image."""
    change = curation.decide(catalog(), record.id, action, paths, why=why, label=label)
    if change is not None:
        moved = change.payload.get("label")
        done = f"Moved to “{moved}”" if moved is not None else DECISIONS[action]
        offer_back(record, [change.version], f"{done}: {images(len(paths))}.")


def move_to_suggested(record: DatasetRecord, suggested: dict[str, str], why: str) -> None:
    """Move images to the classes that they look like: one decision a class, undone together."""
    versions = []
    for label in sorted(set(suggested.values())):
        paths = [path for path, target in suggested.items() if target == label]
        change = curation.decide(catalog(), record.id, "relabel", paths, why=why, label=label)
        if change is not None:
            versions.append(change.version)
    if versions:
        offer_back(record, versions, f"Moved: {images(len(suggested))}.")


def take_back(record: DatasetRecord, versions: list[int]) -> None:
    """Undo decisions and draw the page again."""
    curation.undo(catalog(), record.id, versions)
    decided = st.session_state.get("decided")
    if decided and decided[0] == record.id and set(decided[1]) & set(versions):
        st.session_state.pop("decided")
    _again()


def last_decision(record: DatasetRecord) -> None:
    """What was just decided, with a way back."""
    decided = st.session_state.get("decided")
    if not decided or decided[0] != record.id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {escape(decided[2])} Your files are as they were.")
        if st.button("Undo", icon=":material/undo:", key="undo-last"):
            take_back(record, decided[1])


def round_number() -> int:
    """Counts decisions in this session: after each, nothing is selected any more."""
    return turn("round")


def offer_back(record: DatasetRecord, versions: list[int], said: str) -> None:
    """Draw the page again, with what was decided and the way back."""
    st.session_state["decided"] = (record.id, versions, said)
    _again()


def _again() -> None:
    next_turn("round")
    st.rerun()
