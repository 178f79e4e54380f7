"""The live camera of a page: its token, and what came of the pictures that were kept."""

from __future__ import annotations

import streamlit as st

from core.api.live import camera_is_open, open_camera
from core.inference.predictor import open_predictor
from pages._widgets.camera import Shot, camera
from pages._widgets.session import catalog


def live_camera(
    run_id: str, threshold: float, *, link: str = "", starts: bool = False
) -> Shot | None:
    """Draw the camera for a run's model; returns the picture kept last.

    Args:
        link: the demo's, in whose name and as long as which it is used; large type then.
        starts: as of :func:`pages._widgets.camera.camera`.
    """
    tokens = st.session_state.setdefault("camera-tokens", {})
    known = tokens.get((run_id, link))
    if known is None or not camera_is_open(known, run_id):
        tokens[run_id, link] = known = open_camera(run_id, link=link)
    size = open_predictor(catalog().workspace, run_id).image_size
    key = f"camera-{run_id}"
    return camera(known, size, threshold, key, big=bool(link), starts=starts)
