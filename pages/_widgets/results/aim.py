"""Is it good enough? What a model is for, said once per dataset, and what a test says to that."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import InvalidInput
from core.evaluation.aim import Aim, load_aim, set_aim
from core.text import escape, shorten
from pages._widgets.job import act
from pages._widgets.one_of import choose
from pages._widgets.results.view import View, figures_of
from pages._widgets.session import catalog, next_turn, turn

_EACH, _TOGETHER = "Each class", "All photos together"
_USUAL = 90
_SIGNS = {"good": ":green[:material/check_circle:]", "caution": ":orange[:material/help:]"}


def answer_to_aim(view: View) -> None:
    """The answer, where nothing else on a tab says it."""
    if said := figures_of(view).verdict.get("aim"):
        sign = _SIGNS.get(said.tone, ":red[:material/cancel:]")
        st.markdown(f"{sign} {escape(said.text)}")


def ask_aim(view: View) -> None:
    """The question, to be answered once for all models of a dataset."""
    if view.read_only or not view.run.dataset_id or not view.evaluation.images:
        return
    dataset_id = view.run.dataset_id
    aim = load_aim(catalog().workspace, dataset_id)
    # Closed once it is answered.
    key = f"aim-{view.run.id}-{aim.of_100 if aim else 0}-{turn('aim-saved')}"
    # A class may be called like the words for all of them.
    labels = view.evaluation.labels
    choices = [Aim(of_100=_USUAL), Aim(of_100=_USUAL, together=True)]
    choices += [Aim(of_100=_USUAL, label=label) for label in labels]
    standing = aim.model_copy(update={"of_100": _USUAL}) if aim else choices[0]
    with st.popover("Is it good enough?", icon=":material/flag:", key=key):
        st.markdown("**What must it recognise to be of use to you?**")
        # A field for numbers would keep the last good one where another was typed.
        st.text_input("Of 100 photos", str(aim.of_100 if aim else _USUAL), key=f"{key}-of")
        now = choices.index(standing) if standing in choices else 0
        choose("of", dict(enumerate(map(_called, choices))), now=now, key=f"{key}-class")
        if why := st.session_state.pop(f"{key}-why", ""):
            st.error(escape(why), icon=":material/error:")
        st.caption("Said once; every model of this dataset is held against it.")
        with st.container(horizontal=True):
            save = (_save, dataset_id, key, choices)
            act("Hold it against that", save, key=f"{key}-save", type="primary")
            if aim is not None:
                act("Forget it", (_forget, dataset_id), key=f"{key}-forget")


def _called(choice: Aim) -> str:
    if choice.label:
        return shorten(choice.label, 40)
    return _TOGETHER if choice.together else _EACH


def _save(dataset_id: str, key: str, choices: Sequence[Aim]) -> None:
    choice = choices[st.session_state[f"{key}-class"]]
    typed = str(st.session_state[f"{key}-of"])
    try:
        set_aim(catalog(), dataset_id, typed, choice.label, together=choice.together)
    except InvalidInput as error:
        # Said beside the field, which stays open.
        st.session_state[f"{key}-why"] = str(error)
        return
    next_turn("aim-saved")


def _forget(dataset_id: str) -> None:
    set_aim(catalog(), dataset_id, None)
    next_turn("aim-saved")
