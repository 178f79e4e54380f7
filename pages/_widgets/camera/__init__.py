"""A live camera: the picture, and beside it what the model says about it several times a second."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.api.live import PREFIX, camera_is_open, open_camera
from core.inference.predictor import open_predictor
from core.text import as_text
from pages._widgets.component import component_of
from pages._widgets.session import catalog

_component = component_of(__file__, "lightbox-camera", ("shot",))
_WHY = (
    "Your browser asks before the camera is switched on. Frames go to this server's memory only: "
    "none is kept."
)


@dataclass(frozen=True)
class Shot:
    """A picture that somebody wants to be looked at; ``at`` tells one from another."""

    at: int
    data: bytes
    name: str = ""


def live_camera(
    run_id: str, threshold: float, *, link: str = "", starts: bool = False
) -> Shot | None:
    """Draw the camera for a run's model; nothing is switched on before its button is pressed.

    Args:
        threshold: below it the answer is "Not sure", 0 to 1.
        link: the demo's, in whose name and as long as which it is used; in large type then, and no
            picture is kept.
        starts: what drew it was a switch for the camera, so it needs no button more.

    Returns:
        The picture kept last, as a JPEG.
    """
    tokens = st.session_state.setdefault("camera-tokens", {})
    token = tokens.get((run_id, link))
    if token is None or not camera_is_open(token, run_id):
        tokens[run_id, link] = token = open_camera(run_id, link=link)
    state = _component(
        key=f"camera-{run_id}",
        data={
            "url": f"{PREFIX}/{token}",
            "size": open_predictor(catalog().workspace, run_id).image_size,
            "threshold": threshold,
            "big": bool(link),
            "starts": starts,
            "keeps": not link,
            "why": _WHY,
        },
    )
    return taken(state.get("shot"))


def taken(shot: object) -> Shot | None:
    """A picture as a component of ours hands it over, a data URL with perhaps its file's name;
    ``None`` if it is none."""
    if not isinstance(shot, Mapping):
        return None
    try:
        data = base64.b64decode(str(shot.get("data", "")).partition(",")[2], validate=True)
        at = int(shot.get("at", 0))
    except (binascii.Error, ValueError, TypeError):
        return None
    return Shot(at, data, as_text(str(shot.get("name", "")))[-200:]) if data else None
