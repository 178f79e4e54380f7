"""Beat the model: a visitor names ten test photos, and sees both scores."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.catalog import RunRecord
from core.datasets.content import read_regular
from core.datasets.places import image_file
from core.errors import LightboxError, NotFound
from core.evaluation.contest import Round, draw, score, told
from core.evaluation.predictions import load_predictions
from core.runs.earlier import why_not_new
from core.runs.files import RunFiles
from core.text import escape, shorten
from pages._widgets.gallery import Tile, gallery
from pages._widgets.job import act
from pages._widgets.session import catalog, forget, pictures_of_run

# Of more classes, a list is quicker than buttons.
_BUTTONS = 12
_SIDE = 640


@st.fragment
def beat(run: RunRecord, classes: list[str]) -> None:
    # Here, since Streamlit itself shows what a fragment raises.
    try:
        _play(run, classes)
    except NotFound:
        st.info("There are no test photos to guess.")


def _play(run: RunRecord, classes: list[str]) -> None:
    seed = st.session_state.setdefault(f"beat-seed-{run.id}", time.time_ns() % 2**32)
    guesses: list[str] = st.session_state.setdefault(f"beat-guesses-{run.id}", [])
    rounds = draw(load_predictions(catalog().workspace, run.id).table, seed)
    if not rounds:
        st.info("There are no test photos to guess.")
    elif len(guesses) < len(rounds):
        _ask(run, rounds[len(guesses)], classes, f"{len(guesses) + 1} of {len(rounds)}")
    else:
        _end(run, rounds, guesses)


def _ask(run: RunRecord, now: Round, classes: list[str], where: str) -> None:
    unseen = "" if why_not_new(catalog(), run) else " The model has never seen it either."
    st.markdown(f"**Photo {where}: what is it?**{unseen}")
    picture, words = st.columns(2, gap="large")
    picture.image(_picture(run, now.path), width="stretch", alt="A test photo to be named")
    with words:
        if len(classes) <= _BUTTONS:
            with st.container(horizontal=True):
                for n, label in enumerate(classes):
                    act(
                        escape(shorten(label, 30)),
                        (_guess, run.id, label),
                        key=f"beat-{run.id}-{n}",
                    )
            return
        chosen = st.selectbox("Class", classes, index=None, placeholder="Choose", key="beat-class")
        act("That is it", (_guess, run.id, chosen), type="primary", disabled=chosen is None)


def _guess(run_id: str, label: str) -> None:
    st.session_state[f"beat-guesses-{run_id}"].append(label)


def _end(run: RunRecord, rounds: list[Round], guesses: list[str]) -> None:
    person, model = score(rounds, guesses)
    st.markdown(f"## You {person} · the model {model}")
    st.markdown(told(rounds, guesses))
    pictures = pictures_of_run(run, [each.path for each in rounds])
    gallery(
        [
            Tile(
                f"{n}",
                picture.data,
                f"is {shorten(each.label, 16)}",
                badge=f"you {'✓' if guess == each.label else '✗'}  "
                f"model {'✓' if each.answer == each.label else '✗'}",
                tone="good" if guess == each.label else "bad",
                title=f"It is {each.label}. You said {guess}, the model {each.answer}.",
            )
            for n, (each, guess, picture) in enumerate(zip(rounds, guesses, pictures, strict=True))
        ],
        key=f"beat-photos-{run.id}",
        label="The photos, with both answers",
    )
    again = (forget, f"beat-seed-{run.id}", f"beat-guesses-{run.id}")
    act("Play again", again, icon="replay")


def _picture(run: RunRecord, path: str) -> Any:
    """The photo as it is now, or its thumbnail if it has gone."""
    store = catalog()
    root = store.workspace.load_path(store.datasets.get(run.dataset_id).root)
    try:
        info = RunFiles(store.workspace, run.id).model()
        return info.open(read_regular(image_file(root, path)), draft=(_SIDE, _SIDE)).image
    except (LightboxError, OSError):
        return pictures_of_run(run, [path])[0].data
