"""What a model says of one picture: the answer larger than all else, and how sure it is.

“Not sure” and “doesn't look like what it was trained on” are answers too: as large, never cut off,
and with nothing beside them that looks like certainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.inference.predictor import Prediction
from core.text import certainty, percent
from pages._widgets.component import component_of
from pages._widgets.gallery import last, once

_component = component_of(__file__, "lightbox-said", ("corrected",))
UNLIKE = "This doesn’t look like what it was trained on"
UNSURE = "Not sure"
_PERHAPS = 2
# Less has no bar that could be seen.
_LEAST = 0.005
# Letters up to which an answer is set in the largest and in the second size of type.
_LARGEST, _LARGE = 9, 18


@dataclass(frozen=True)
class Corrected:
    """What somebody says that a picture is; a class that is ``new`` is to be begun with it."""

    label: str
    new: bool = False


_REFUSED = "correction-refused"


def refuse(run_id: str, photo: object, why: str) -> None:
    """Keep why what was said last could not be taken.

    Args:
        photo: tells it from others.
    """
    st.session_state[_REFUSED] = (run_id, photo, why)


def refused(run_id: str, photo: object) -> str:
    """Why what was said last about a photo could not be taken; "" where nothing was refused."""
    *about, why = st.session_state.get(_REFUSED, ("", "", ""))
    return str(why) if about == [run_id, photo] else ""


def said(
    answer: Prediction,
    *,
    threshold: float,
    unlike: bool,
    key: str,
    bars: int = 3,
    big: bool = False,
    classes: Sequence[str] = (),
    refused: str = "",
    may_begin: bool = False,
    timed: bool = True,
) -> Corrected | None:
    """Draw an answer.

    Args:
        threshold: from which confidence on it counts.
        unlike: the picture is unlike those that were trained with.
        bars: how many classes have a bar.
        big: in the type of a demo.
        classes: what the picture can be said to be; none where nothing can be corrected.
        refused: why what was said last could not be taken.
        may_begin: a class that is not among them can be begun with it.
        timed: say how long it took; of one among several nobody knows.

    Returns:
        The class that the person has just said it is.
    """
    state = "unlike" if unlike else "sure" if answer.confidence >= threshold else "unsure"
    headline = {"unlike": UNLIKE, "unsure": UNSURE}.get(state, answer.label)
    named = [
        f"{label} ({percent(share, 0)})"
        for label, share in answer.top[:_PERHAPS]
        if share >= _LEAST
    ]
    more = {
        "sure": f"{certainty(answer.confidence)} sure",
        "unsure": f"Perhaps {' or '.join(named)}",
        "unlike": f"If anything, {answer.label}",
    }[state]
    size = 1 if len(headline) <= _LARGEST else 2 if len(headline) <= _LARGE else 3
    told = [each for each in answer.top[:bars] if each[1] >= _LEAST] or answer.top[:1]
    shown = told if state == "sure" else ()
    result = _component(
        key=key,
        data={
            "state": state,
            "headline": headline,
            "more": f"{more} · {answer.milliseconds:.0f} ms" if timed else more,
            "size": size,
            "bars": [
                {"label": label, "share": share, "text": certainty(share)} for label, share in shown
            ],
            "big": big,
            "refused": refused,
            # What was said is done, or was refused: another thing can be said.
            "round": last(key) or 0,
            "may_begin": may_begin,
            "ask": "Wrong?" if state == "sure" else "Say what it is",
            # Where it gave no answer, that class may well be the right one.
            "classes": [each for each in classes if state != "sure" or each != answer.label],
        },
    )
    chosen = once(key, result.get("corrected"))
    return Corrected(str(chosen.get("label", "")), chosen.get("new") is True) if chosen else None
