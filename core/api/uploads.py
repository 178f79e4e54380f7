"""Takes files from a browser in bundles, straight to disk.

A page's own uploader would hold every file in memory and send each in a request of its own, which
no browser manages for some thousand images. Here one request carries many files (multipart form,
field ``paths`` with their places as a JSON list, fields ``files`` in the same order), or one part
of an archive. A request is let in by the token of its upload, which was issued to the page and the
person that send it, for so many bytes and for a day.

    POST /lightbox/uploads/{token}/files              → {"taken": 64, "refused": [[path, why], …]}
    PUT  /lightbox/uploads/{token}/archive?offset=…   → {"bytes": 8388608}
    DELETE /lightbox/uploads/{token}                  → 204
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import settings
from core.api.problems import beside_pages
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, disk_errors
from core.progress import Throttle
from core.who import acting, require
from core.workspace import new_token, open_workspace

PREFIX = "/lightbox/uploads"
MAX_FILES_A_REQUEST = 500
MAX_PART_BYTES = 64 * 1024**2
# What is written at a time, of an archive's part.
_PIECE = 1024**2
KEPT_S = 24 * 3600
_MOST_TOKENS = 10_000


@dataclass
class _Ticket:
    who: tuple[str, str]
    used: float
    bytes: int = 0


_tickets: OrderedDict[str, _Ticket] = OrderedDict()
_lock = threading.Lock()
_now_and_then = Throttle(3600)


def issue() -> str:
    """A token by which whoever acts now may send one upload, until a day after its last part.

    Raises:
        NotAllowed: they may add no images.
    """
    require("labeller")
    if _now_and_then():
        open_workspace().sweep_staging()
    token = new_token()
    with _lock:
        _tickets[token] = _Ticket(_mine(), time.monotonic())
        while len(_tickets) > _MOST_TOKENS:
            _tickets.popitem(last=False)
    return token


def _mine() -> tuple[str, str]:
    who = acting()
    return who.name, who.session


def _let_in(request: Request, count: int = 0) -> str:
    """The token of an upload, if it was issued to whoever asks.

    Args:
        count: bytes that are about to be added.

    Raises:
        InvalidInput: the token is none of theirs, or the upload has become too large.
    """
    token = request.path_params["token"]
    with _lock:
        ticket = _tickets.get(token)
        now = time.monotonic()
        if ticket is None or ticket.who != _mine() or now - ticket.used > KEPT_S:
            raise InvalidInput("This upload is not known here.", remedy="Reload the page.")
        if ticket.bytes + count > settings.load().max_unpacked_bytes:
            raise InvalidInput(
                "This upload has become too large.",
                remedy="Upload less at once, or raise LIGHTBOX_MAX_UNPACKED_GB.",
            )
        ticket.used = now
        ticket.bytes += count
        _tickets.move_to_end(token)
    return token


def _stage(request: Request, count: int = 0) -> UploadStage:
    """Where an upload lies; as :func:`_let_in`."""
    return UploadStage(open_workspace(), _let_in(request, count))


async def _files(request: Request) -> Response:
    _let_in(request)
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
    stage = _stage(request, sum(file.size or 0 for file in files))
    for path, file in zip(paths, files, strict=True):
        stage.add(str(path), file.file)
    return {"taken": stage.kept, "refused": stage.refused}


async def _archive(request: Request) -> Response:
    try:
        offset = int(request.query_params.get("offset", "0"))
    except ValueError:
        raise _incomplete() from None
    _let_in(request)
    if int(request.headers.get("content-length", "0")[:15] or "0") > MAX_PART_BYTES:
        raise _part_too_large()
    stage = await run_in_threadpool(_stage, request)
    # Straight to disk: parts that never end lie in nobody's memory.
    part, came = bytearray(), 0
    async for chunk in request.stream():
        part += chunk
        came += len(chunk)
        if came > MAX_PART_BYTES:
            raise _part_too_large()
        if len(part) >= _PIECE:
            await run_in_threadpool(_append, request, stage, offset, part)
            offset, part = offset + len(part), bytearray()
    size = await run_in_threadpool(_append, request, stage, offset, part)
    return JSONResponse({"bytes": size})


def _append(request: Request, stage: UploadStage, offset: int, part: bytearray) -> int:
    _let_in(request, len(part))
    return stage.append(offset, bytes(part))


def _abandon(request: Request) -> Response:
    _stage(request).abandon()
    return Response(status_code=204)


def _part_too_large() -> InvalidInput:
    return InvalidInput("This part of the upload is too large.")


def _incomplete() -> InvalidInput:
    return InvalidInput("This upload is not complete.", remedy="Upload it again.")


ROUTES = beside_pages(
    PREFIX,
    Route("/{token}/files", _files, methods=["POST"]),
    Route("/{token}/archive", _archive, methods=["PUT"]),
    Route("/{token}", _abandon, methods=["DELETE"]),
)
