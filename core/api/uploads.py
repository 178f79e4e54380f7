"""Takes files from a browser in bundles, straight to disk.

A page's own uploader would hold every file in memory and send each in a request of its own, which
no browser manages for some thousand images. Here one request carries many files (multipart form,
field ``paths`` with their places as a JSON list, fields ``files`` in the same order), or one part
of an archive. A request is let in by the token of its upload, which the page made and nobody can
guess.

    POST /lightbox/uploads/{token}/files              → {"taken": 64, "refused": [[path, why], …]}
    PUT  /lightbox/uploads/{token}/archive?offset=…   → {"bytes": 8388608}
    DELETE /lightbox/uploads/{token}                  → 204
"""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.api.problems import beside_pages
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, disk_errors
from core.workspace import open_workspace

PREFIX = "/lightbox/uploads"
MAX_FILES_A_REQUEST = 500
MAX_PART_BYTES = 64 * 1024**2


async def _files(request: Request) -> Response:
    try:
        # What doesn't fit into memory lies in the system's temporary folder until it is taken.
        with disk_errors("the upload"):
            async with request.form(max_files=MAX_FILES_A_REQUEST, max_fields=4) as form:
                text = form.get("paths")
                files = [file for file in form.getlist("files") if isinstance(file, UploadFile)]
                paths = json.loads(text) if isinstance(text, str) else None
                if not isinstance(paths, list) or len(paths) != len(files):
                    raise _incomplete()
                return JSONResponse(await run_in_threadpool(_take, request, paths, files))
    except (HTTPException, ValueError, RecursionError):
        # A form that can't be parsed is Starlette's HTTPException.
        raise _incomplete() from None


def _take(request: Request, paths: list[object], files: list[UploadFile]) -> dict[str, object]:
    stage = UploadStage(open_workspace(), request.path_params["token"])
    for path, file in zip(paths, files, strict=True):
        stage.add(str(path), file.file)
    return {"taken": stage.kept, "refused": [[item.path, item.why] for item in stage.refused]}


async def _archive(request: Request) -> Response:
    try:
        offset = int(request.query_params.get("offset", "0"))
    except ValueError:
        raise _incomplete() from None
    part = bytearray()
    async for chunk in request.stream():
        part += chunk
        if len(part) > MAX_PART_BYTES:
            raise InvalidInput("This part of the upload is too large.")
    stage = UploadStage(open_workspace(), request.path_params["token"])
    return JSONResponse({"bytes": await run_in_threadpool(stage.append, offset, bytes(part))})


async def _abandon(request: Request) -> Response:
    stage = UploadStage(open_workspace(), request.path_params["token"])
    await run_in_threadpool(stage.abandon)
    return Response(status_code=204)


def _incomplete() -> InvalidInput:
    return InvalidInput("This upload is not complete.", remedy="Upload it again.")


ROUTES = beside_pages(
    PREFIX,
    Route("/{token}/files", _files, methods=["POST"]),
    Route("/{token}/archive", _archive, methods=["PUT"]),
    Route("/{token}", _abandon, methods=["DELETE"]),
)
