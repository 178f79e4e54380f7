"""Hands out exports: ``GET /lightbox/exports/{token}`` answers with the .zip, straight from disk."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.quality import take_away
from core.workspace import open_workspace

PREFIX = "/lightbox/exports"


async def _export(request: Request) -> Response:
    token = request.path_params["token"]
    file = await run_in_threadpool(take_away.find, open_workspace(), token)
    if file is None:
        return PlainTextResponse("This export is not here any more. Make it again.", 404)
    return FileResponse(file, media_type="application/zip", filename=file.name)


ROUTES = (Route(PREFIX + "/{token}", _export, methods=["GET"]),)
