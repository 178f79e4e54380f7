"""A card for each class: its name, its photos, a webcam, and a page that takes what is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.api.uploads import PREFIX, issue
from core.datasets.archives import SUFFIXES_ARCHIVE
from core.datasets.formats import SUFFIXES, reasons
from core.who import acting
from pages._widgets.component import component_of
from pages._widgets.uploader import SENDING, not_taken

KEY = "studio-classes"
_TOKENS = "studio-tokens"
# Uploads that may be on their way at once: one for each recording that was not taken yet.
_MOST = 12
_TAKEN = "studio-taken"
_component = component_of(__file__, "lightbox-classes", ("events",), SENDING)


@dataclass(frozen=True)
class Card:
    """A class as it is shown.

    Attributes:
        pictures: a few small pictures, as addresses.
        tiny: they are so small that their pixels are to be seen.
    """

    label: str
    count: int
    pictures: Sequence[str] = ()
    tiny: bool = False


@dataclass(frozen=True)
class Busy:
    """What a job is at that can be cancelled, and how far: 0 to 1, ``None`` where nobody knows."""

    text: str
    share: float | None


@dataclass(frozen=True)
class Event:
    """Something that the person did.

    Attributes:
        do: ``rename``, ``add``, ``remove``, ``see``, ``photos`` or ``cancel``.
        label: the class; ``None`` for photos that were dropped beside the cards.
        name: its new name.
        token: of the upload.
        folder, file: what the folder or the archive is called, or "".
        refused: files that can't be taken, with the reason.
    """

    do: str
    label: str | None = None
    name: str = ""
    token: str = ""
    folder: str = ""
    file: str = ""
    taken: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def cards(
    classes: Sequence[Card], *, busy: Busy | None = None, hint: bool = True, more: bool = True
) -> list[Event]:
    """Draw them.

    Args:
        hint: say that anything can be dropped.
        more: offer a further class.

    Returns:
        What the person did since it was asked last, in order.
    """
    tokens: list[str] = st.session_state.setdefault(_TOKENS, [])
    changes = acting().may("labeller")
    if changes:
        tokens += [issue() for _ in range(_MOST - len(tokens))]
    state = _component(
        key=KEY,
        data={
            "classes": [vars(each) for each in classes],
            "busy": {**vars(busy), "job": True} if busy else None,
            "hint": hint and changes,
            "more": more and changes,
            "changes": changes,
            "taken": st.session_state.get(_TAKEN, 0),
            "tokens": list(tokens),
            "url": PREFIX,
            "suffixes": sorted(SUFFIXES),
            "archives": sorted(SUFFIXES_ARCHIVE),
            "reasons": reasons(),
        },
    )
    return _new(state.get("events"), tokens)


def _new(said: object, tokens: list[str]) -> list[Event]:
    """What hasn't been taken yet; from now on it has."""
    found: list[Event] = []
    last = int(st.session_state.get(_TAKEN, 0))
    for each in said if isinstance(said, list) else ():
        if not isinstance(each, Mapping) or not isinstance(each.get("at"), int | float):
            continue
        at = int(each["at"])
        # What comes from a browser is only believed of this session's own uploads.
        token = str(each.get("token") or "")
        if at <= last or (token and token not in tokens):
            continue
        if token:
            tokens.remove(token)
        last = at
        found.append(_event(each))
    st.session_state[_TAKEN] = last
    return found


def _event(said: Mapping[str, Any]) -> Event:
    label = said.get("into") if said.get("do") == "photos" else said.get("label")
    return Event(
        str(said.get("do")),
        None if label is None else str(label),
        str(said.get("name") or ""),
        str(said.get("token") or ""),
        str(said.get("folder") or ""),
        str(said.get("file") or ""),
        int(said.get("taken") or 0),
        not_taken(said, "refused") + not_taken(said, "failed"),
    )
