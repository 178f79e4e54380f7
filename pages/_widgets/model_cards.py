"""Models as cards: pictures, a name, one sentence, and the two things that are done most."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.catalog import RunRecord
from core.errors import LightboxError, NotFound
from core.evaluation.library import Entry, thin_test
from core.jobs.kinds import REMOVED
from core.quality import thumbs
from core.quality.curation import curated, usable
from core.text import ago, escape, rate, shorten
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.gone import its_dataset_gone
from pages._widgets.job import act
from pages._widgets.library import open_run
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, choose_run
from pages._widgets.steps import go

_ACROSS, _PAGE, _PICTURES = 3, 12, 4
_STATES = {
    "queued": "Waits for its training.",
    "held": "Waits for its training.",
    "running": "Is being trained.",
    "failed": "Its training failed.",
    "cancelled": "Its training was stopped.",
    "interrupted": "Its training was interrupted.",
}
_PICKED = "library-picked"


def draw_cards(entries: list[Entry], more: Callable[[Entry], None]) -> None:
    """Draw them, with ``more`` below the row of the one about which somebody wants to know more."""
    shown = entries[page_of(len(entries), key="library-page", size=_PAGE)]
    picked = st.session_state.get(_PICKED)
    for start in range(0, len(shown), _ACROSS):
        row = shown[start : start + _ACROSS]
        with st.container(key=f"library-row-{start}"):
            for column, entry in zip(st.columns(_ACROSS, gap="medium"), row, strict=False):
                with column, st.container(border=True, key=_key(entry, picked), height="stretch"):
                    _card(entry)
            for entry in row:
                if entry.run.id == picked:
                    with st.container(key="library-more"):
                        more(entry)


def _key(entry: Entry, picked: str | None) -> str:
    # Below the one that is picked there is more of it on a phone.
    return f"model-{'picked-' if entry.run.id == picked else ''}{entry.run.id}"


def _card(entry: Entry) -> None:
    run = entry.run
    if pictures := _pictures_of(run) if entry.dataset else []:
        gallery(
            pictures, key=f"pictures-{run.id}", label=f"What {run.name} was trained on", row=True
        )
    st.markdown(f"## {'★ ' if run.starred else ''}{escape(shorten(run.name, 40))}")
    st.markdown(sentence(entry))
    st.space("stretch")  # the buttons of a row of cards stand on one line
    with st.container(horizontal=True, gap="small"):
        if st.button("Results" if run.state == "done" else "Open", key=f"open-{run.id}"):
            open_run(run)
        if run.state == "done" and st.button("Try it", key=f"try-{run.id}"):
            choose_run(run.id)
            go("predict")
        act("More", (_pick, run.id), key=f"more-{run.id}", type="tertiary")


def _pick(run_id: str) -> None:
    """Once more closes it."""
    again = st.session_state.get(_PICKED) == run_id
    st.session_state[_PICKED] = None if again else run_id


def sentence(entry: Entry) -> str:
    """What there is to know of a model at first, as Markdown."""
    run = entry.run
    # A model that was brought in may never have had a dataset here.
    of = f"“{escape(shorten(entry.dataset, 30))}”" if entry.dataset else ""
    gone = "" if of or run.imported else f" {its_dataset_gone()}."
    when = ago(run.created_at)
    made = f"{'brought in' if run.imported else 'trained'} {when}"
    if run.state != "done":
        if run.error.startswith(REMOVED):
            return f"{REMOVED} Begun {when}."
        said = _STATES.get(run.state, run.state)
        return f"{said} On {of}, {when}." if of else f"{said} Begun {when}.{gone}"
    if entry.accuracy is None:
        return f"Not tested yet. {f'On {of}, {made}' if of else made.capitalize()}.{gone}"
    right = f"Right on **{rate(entry.accuracy, entry.images)}** of {entry.images:,} test images"
    thin = thin_test(run)
    return f"{right}{f' of {of}' if of else ''}{f' ({thin})' if thin else ''}; {made}.{gone}"


def _pictures_of(run: RunRecord) -> list[Tile]:
    try:
        return _pictures(run)
    except LightboxError:
        return []  # where the store can't be reached; each card would say so


@remembered(lambda run: (run.dataset_id, run.dataset_version), max_entries=64)
def _pictures(run: RunRecord) -> list[Tile]:
    """One image of each of the first classes; none where the dataset was removed."""
    try:
        good = usable(curated(catalog(), run.dataset_id, run.dataset_version))
    except NotFound:
        return []
    rows = good.groupby("label", sort=True).head(1).head(_PICTURES)
    places = zip(rows["thumb_at"], rows["thumb_bytes"], strict=True)
    # What isn't there just now must not be remembered as nothing.
    found = thumbs.read(catalog().workspace, run.dataset_id, places)
    return [
        Tile(row.path, picture, str(row.label), title=str(row.label), tiny=row.width <= 48)
        for row, picture in zip(rows.itertuples(), found, strict=True)
        if picture
    ]
