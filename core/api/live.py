"""Live cameras: who may send frames to which model, and the answers about them.

    POST /lightbox/live/{token}   a JPEG, PNG or WebP → {"top": [[class, probability], …],
                                  "unfamiliar": false, "milliseconds": 7.1}

A page that shows a camera makes a token; frames that come in with it are answered by that page's
model, and nothing else is. Tokens lie in the web process's memory only, as frames do: nothing of
either is ever written or logged.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.api.limits import pixels_of
from core.api.problems import beside_pages
from core.catalog import opened_workspace
from core.delivery.take_away.links import link_is_open
from core.errors import InvalidInput, NotFound
from core.evaluation.out_of_distribution import find_detector
from core.inference.predictor import open_predictor
from core.workspace import Workspace, new_token

PREFIX = "/lightbox/live"
# A frame is a small picture: larger ones are not from our component.
MAX_FRAME_BYTES = 2 * 1024**2
_MAX_FRAME_PIXELS = 4_000_000
# Nobody watches a camera for longer without a frame in between.
KEPT_S = 6 * 3600
# Judging takes another pass through the network, and what a camera shows stays for a while.
_JUDGED_S = 0.25
_MOST_TOKENS = 1000
_TOP = 5


@dataclass
class _Camera:
    run_id: str
    link: str
    used: float
    out_of_distribution: bool = False
    judged: float = float("-inf")
    busy: threading.Lock = field(default_factory=threading.Lock)


_cameras: OrderedDict[str, _Camera] = OrderedDict()
_lock = threading.Lock()


def open_camera(run_id: str, *, link: str = "") -> str:
    """A token by which frames are sent to a run's model until nobody has done so for six hours.

    Args:
        link: of a demo; once it is taken back, its cameras are answered no more.
    """
    token = new_token()
    now = time.monotonic()
    with _lock:
        for old in [key for key, camera in _cameras.items() if now - camera.used > KEPT_S]:
            del _cameras[old]
        _cameras[token] = _Camera(run_id, link, now)
        while len(_cameras) > _MOST_TOKENS:
            _cameras.popitem(last=False)
    return token


def camera_is_open(token: str, run_id: str) -> bool:
    """Whether frames with this token are (still) answered by that run's model."""
    with _lock:
        camera = _known(token)
    return camera is not None and camera.run_id == run_id


def _known(token: str) -> _Camera | None:
    """That of a token, if it was used within the last six hours."""
    camera = _cameras.get(token)
    return camera if camera and time.monotonic() - camera.used <= KEPT_S else None


def close_camera(token: str) -> None:
    """Frames with this token are not answered any more."""
    with _lock:
        _cameras.pop(token, None)


def answer_frame(workspace: Workspace, token: str, frame: bytes) -> dict[str, Any]:
    """Ask the model about one frame; one after the other for each camera.

    Args:
        frame: a JPEG, PNG or WebP file of at most 2 MB.

    Returns:
        ``top``: the most probable classes with their probabilities, 0 to 1, highest first;
        ``unfamiliar``: it, or a frame of the last quarter of a second, doesn't look like what the
        model was trained on; ``milliseconds``: from the frame's bytes to this answer.

    Raises:
        NotFound: the token is not known (any more), or the run's model has gone.
        InvalidInput: the frame is too large.
        UnreadableImage: the frame is no picture.
    """
    if len(frame) > MAX_FRAME_BYTES or pixels_of(frame) > _MAX_FRAME_PIXELS:
        raise InvalidInput(
            "This frame is too large.", remedy="Send at most 2 MB, and 4 million pixels."
        )
    with _lock:
        camera = _known(token)
        if camera is not None:
            camera.used = time.monotonic()
            _cameras.move_to_end(token)
    if camera is not None and camera.link and not link_is_open(workspace, camera.link, "demo"):
        close_camera(token)
        camera = None
    if camera is None:
        raise NotFound("This camera is not known here any more.", remedy="Reload the page.")
    with camera.busy:
        started = time.perf_counter()
        predictor = open_predictor(workspace, camera.run_id)
        image = predictor.info.decode(frame, file="the frame")[None]
        probabilities = predictor.probabilities(image)[0]
        if time.monotonic() - camera.judged >= _JUDGED_S:
            detector = find_detector(workspace, camera.run_id)
            camera.out_of_distribution = (
                detector is not None and detector.score(image)[0].out_of_distribution
            )
            camera.judged = time.monotonic()
        milliseconds = (time.perf_counter() - started) * 1000
    order = np.argsort(-probabilities, kind="stable")[:_TOP]
    return {
        "top": [[predictor.classes[n], round(float(probabilities[n]), 6)] for n in order],
        "unfamiliar": camera.out_of_distribution,
        "milliseconds": round(milliseconds, 1),
    }


async def _frame(request: Request) -> Response:
    frame = bytearray()
    async for chunk in request.stream():
        frame += chunk
        if len(frame) > MAX_FRAME_BYTES:
            raise InvalidInput("This frame is too large.", remedy="Send at most 2 MB.")
    answer = await run_in_threadpool(
        answer_frame, opened_workspace(), request.path_params["token"], bytes(frame)
    )
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


ROUTES = beside_pages(PREFIX, Route("/{token}", _frame, methods=["POST"]))
