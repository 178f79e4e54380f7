"""Who gets to see a dataset or a model: said where people sign in, changed by whoever it belongs
to."""

from __future__ import annotations

import streamlit as st

from core.access.visible import show_to
from core.catalog import DatasetRecord, RunRecord
from core.catalog.visibility import Kind
from core.text import escape
from core.who import acting
from pages._widgets.component import safe_key
from pages._widgets.job import attempt
from pages._widgets.session import catalog

_ICONS = {"private": "lock", "team": "group", "link": "public"}
_SHORT = {"private": "Private", "team": "The team", "link": "The team and guests"}
_SAID = {
    "private": "Only {owner} and administrators",
    "team": "Everybody who signs in here",
    "link": "Everybody who signs in here, and guests with a link",
}


def visible_popover(item: DatasetRecord | RunRecord) -> None:
    """Who sees it, which opens a choice; nothing where nobody signs in."""
    who = acting()
    if not who.name:
        return
    kind: Kind = "run" if isinstance(item, RunRecord) else "dataset"
    owner, level = catalog().visibility.of(kind, item.id)
    if kind == "dataset" and level == "link":
        # Links are made to models.
        level = "team"
    levels = [each for each in _SAID if kind == "run" or each != "link"]
    key = f"visible-{kind}-{safe_key(item.id)}"
    # Somebody else may have changed it since it was drawn last.
    st.session_state[key] = level

    def changed() -> None:
        wanted = st.session_state[key]
        attempt(show_to, catalog(), kind, item.id, "link" if wanted == levels[-1] else wanted)

    with st.popover(_SHORT[level], icon=f":material/{_ICONS[level]}:", key=f"{key}-open"):
        st.radio(
            f"Who sees “{escape(item.name)}”",
            levels,
            format_func=lambda each: _SAID[each].format(owner=escape(owner or "whoever asks")),
            key=key,
            on_change=changed,
            disabled=not (who.may("administrator") or owner == who.name),
        )
        if owner and owner != who.name:
            st.caption(f"It is {escape(owner)}’s.")
        elif not owner:
            st.caption("It is everybody’s; administrators decide who sees it.")
