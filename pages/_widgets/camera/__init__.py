"""A live camera: the picture, and beside it what the model says about it several times a second."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from core.api.live import PREFIX
from pages._widgets.component import component_of

_component = component_of(__file__, "lightbox-camera")
_WHY = (
    "Your browser asks before the camera is switched on. Frames go to this server's memory only: "
    "none is kept."
)


@dataclass(frozen=True)
class Shot:
    """A picture that the person wanted to keep; ``at`` tells one from another."""

    at: int
    data: bytes


def camera(
    token: str, size: int, threshold: float, key: str, *, big: bool = False, starts: bool = False
) -> Shot | None:
    """Draw the camera; nothing is switched on before its button is pressed.

    Args:
        token: of :func:`core.api.live.open_camera`.
        size: side of the model's images, pixels.
        threshold: below it the answer is "Not sure", 0 to 1.
        big: in large type, for a demo, where no picture is kept.
        starts: what drew it was a switch for the camera, so it needs no button more.

    Returns:
        The picture kept last, as a JPEG.
    """
    state = _component(
        key=key,
        data={
            "url": f"{PREFIX}/{token}",
            "size": size,
            "threshold": threshold,
            "big": big,
            "starts": starts,
            "keeps": not big,
            "why": _WHY,
        },
        on_shot_change=lambda: None,
    )
    return taken(state.get("shot"))


def taken(shot: object) -> Shot | None:
    """A picture as a component of ours hands it over, a data URL; ``None`` if it is none."""
    if not isinstance(shot, Mapping):
        return None
    try:
        data = base64.b64decode(str(shot.get("data", "")).partition(",")[2], validate=True)
        at = int(shot.get("at", 0))
    except (binascii.Error, ValueError, TypeError):
        return None
    return Shot(at, data) if data else None
