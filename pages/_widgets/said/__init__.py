"""What a model says of one picture: the answer larger than all else, and how sure it is.

“Not sure” and “doesn't look like what it was trained on” are answers too: as large, never cut off,
and with nothing beside them that looks like certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.inference.predictor import Prediction
from core.text import certainty, percent
from pages._widgets.component import component_of, safe_key

_component = component_of(__file__, "lightbox-said")
UNLIKE = "This doesn’t look like what it was trained on"
UNSURE = "Not sure"
_PERHAPS = 2
# Less has no bar that could be seen.
_LEAST = 0.005
# Letters up to which an answer is set in the largest and in the second size of type.
_LARGEST, _LARGE = 9, 18
# By component, the time of what was chosen in it last.
_SEEN = "corrected-"


@dataclass(frozen=True)
class Corrected:
    """What somebody says that a picture is; a class that is ``new`` is to be begun with it."""

    label: str
    new: bool = False


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
            "round": st.session_state.get(f"{_SEEN}{safe_key(key)}", 0),
            "may_begin": may_begin,
            "ask": "Wrong?" if state == "sure" else "Say what it is",
            # Where it gave no answer, that class may well be the right one.
            "classes": [each for each in classes if state != "sure" or each != answer.label],
        },
        default={"corrected": None},
        on_corrected_change=lambda: None,
    )
    return _once(safe_key(key), result.get("corrected"))


def _once(key: str, corrected: object) -> Corrected | None:
    """What was chosen since it was last asked."""
    if not isinstance(corrected, Mapping):
        return None
    at, seen = corrected.get("at"), f"{_SEEN}{key}"
    if st.session_state.get(seen) == at:
        return None
    st.session_state[seen] = at
    return Corrected(str(corrected.get("label", "")), corrected.get("new") is True)
