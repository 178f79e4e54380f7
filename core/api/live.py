"""Answers frames of a live camera, one request each; nothing of them is kept or logged.

    POST /lightbox/live/{token}   a JPEG, PNG or WebP → {"top": [[class, probability], …],
                                  "unfamiliar": false, "milliseconds": 7.1}

A page makes the token; whoever has it may ask that page's model, and nothing else.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.api.cameras import MAX_FRAME_BYTES, answer_frame
from core.api.problems import beside_pages
from core.catalog import opened_workspace
from core.errors import InvalidInput

PREFIX = "/lightbox/live"


async def _frame(request: Request) -> Response:
    frame = bytearray()
    async for chunk in request.stream():
        frame += chunk
        if len(frame) > MAX_FRAME_BYTES:
            raise InvalidInput("This frame is too large.", remedy="Send at most 2 MB.")
    answer = await run_in_threadpool(
        answer_frame, opened_workspace(), request.path_params["token"], bytes(frame)
    )
    return JSONResponse(
        {
            "top": [[label, round(probability, 6)] for label, probability in answer.top],
            "unfamiliar": answer.out_of_distribution,
            "milliseconds": round(answer.milliseconds, 1),
        },
        headers={"Cache-Control": "no-store"},
    )


ROUTES = beside_pages(PREFIX, Route("/{token}", _frame, methods=["POST"]))
