"""Errors of the API as RFC 9457 problem documents (``application/problem+json``).

Every error has one of a few kinds. Its ``type`` leads to where the documentation explains it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api import schemas
from core.api.room import NoRoom
from core.defects import log_defect
from core.errors import (
    Conflict,
    Damaged,
    InvalidInput,
    LightboxError,
    NoSpace,
    NotAllowed,
    NotFound,
    Unreachable,
    UnreadableImage,
)

MEDIA_TYPE = "application/problem+json"
_DOCUMENTATION = "/api/v1/docs"


@dataclass(frozen=True)
class Kind:
    """One kind of error: its HTTP status, its title, and what to do about it."""

    status: int
    title: str
    remedy: str


KINDS = {
    "malformed": Kind(
        400, "The body can't be read", "It ends too early, or is not JSON or a form as it says."
    ),
    "key-needed": Kind(
        401,
        "A valid API key is needed",
        "Send one as “Authorization: Bearer lb_…” or “X-API-Key: lb_…”. Keys are made in Lightbox: "
        "Predict, section API.",
    ),
    "not-allowed": Kind(403, "Not allowed", "The configuration of this Lightbox forbids it."),
    "not-found": Kind(404, "Not found", "There is no such model or address."),
    "method": Kind(405, "Wrong method", "The header Allow names those that there are."),
    "timeout": Kind(408, "The body took too long to arrive", "Send less at once."),
    "conflict": Kind(409, "Something else was first", "Look at how it is now, then try again."),
    "too-large": Kind(413, "Too large", "Send fewer or smaller images in one request."),
    "media-type": Kind(
        415, "Wrong kind of body", "Send multipart/form-data with files, or application/json."
    ),
    "invalid": Kind(422, "A value can't be used", "errors names each of them."),
    "unreadable-image": Kind(
        422, "No image could be read", "Send JPEG, PNG, WebP, BMP, GIF or TIFF; errors says more."
    ),
    "rate": Kind(
        429, "Too many requests", "Wait as long as the header Retry-After says, in seconds."
    ),
    "damaged": Kind(
        500,
        "What is kept of the model is damaged",
        "detail says how it is made again, which whoever runs this Lightbox can do.",
    ),
    "defect": Kind(
        500, "Something went wrong inside Lightbox", "The details are in its logs under error_id."
    ),
    "busy": Kind(503, "Too much to do", "Wait as long as the header Retry-After says, in seconds."),
    "no-space": Kind(507, "The disk is full", "Free some space, then try again."),
}
_OF_STATUS = {400: "malformed", 404: "not-found", 405: "method", 413: "too-large"}
_OF_ERROR: tuple[tuple[type[LightboxError], str], ...] = (
    # The first that fits.
    (Damaged, "damaged"),
    (NotFound, "not-found"),
    (InvalidInput, "invalid"),
    (UnreadableImage, "unreadable-image"),
    (NotAllowed, "not-allowed"),
    (NoSpace, "no-space"),
    (Conflict, "conflict"),
    (Unreachable, "busy"),
)


class Problem(Exception):
    """An error that is answered as it is.

    Args:
        kind: a key of :data:`KINDS`.
        detail: what happened this time, as a sentence.
        headers: to send along.
        errors: the values that can't be used, each with a JSON pointer.
        error_id: of a defect in the logs.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        headers: dict[str, str] | None = None,
        errors: Sequence[schemas.Fault] = (),
        error_id: str = "",
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.document = schemas.Problem(
            type=f"{_DOCUMENTATION}#{kind}",
            title=KINDS[kind].title,
            status=KINDS[kind].status,
            detail=detail,
            error_id=error_id,
            errors=list(errors),
        )


def to_problem(error: Exception) -> Problem:
    """Any exception as what the client may know of it; a defect is logged and gets an id."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        kind = _OF_STATUS.get(error.status_code, "malformed")
        return Problem(kind, KINDS[kind].remedy, headers=dict(error.headers or {}))
    if isinstance(error, ClientDisconnect):
        return Problem("malformed", "The connection ended before the body did.")
    if isinstance(error, LightboxError):
        kind = next((kind for cls, kind in _OF_ERROR if isinstance(error, cls)), "invalid")
        return Problem(kind, str(error), {"Retry-After": "5"} if kind == "busy" else None)
    error_id = log_defect(error)
    return Problem(
        "defect", f"The details are in Lightbox's logs under {error_id}.", error_id=error_id
    )


class ProblemDocuments:
    """Answers whatever is raised inside with a problem document: for all routes, the only place.

    Args:
        of_pages: it is the browser of somebody at a page that asks. A mistake is then 400 whatever
            it is, unless something is missing or not allowed, the disk is full, or the database is
            away, and its title is its own; who follows a link is told the sentence alone.
    """

    def __init__(self, app: ASGIApp, *, of_pages: bool = False) -> None:
        self._app = app
        self._of_pages = of_pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            # The handlers of the app around it would answer in plain text.
            inside = {**scope, "starlette.exception_handlers": ({}, {})}
            await self._app(inside, receive, sending)
        except NoRoom:
            raise
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            problem = await run_in_threadpool(to_problem, error)
            if self._of_pages and isinstance(error, LightboxError):
                status = problem.document.status
                told = isinstance(error, NotFound | NotAllowed | NoSpace | Unreachable)
                problem.document = replace(
                    problem.document, title=error.title, status=status if told else 400
                )
            as_text = self._of_pages and "text/html" in Headers(scope=scope).get("accept", "")
            await _response(problem, as_text)(scope, receive, send)


def beside_pages(prefix: str, *routes: Route) -> tuple[Mount]:
    """Routes below a prefix that pages send people's browsers to."""
    router = Router(routes, redirect_slashes=False)
    return (Mount(prefix, app=ProblemDocuments(router, of_pages=True)),)


def _response(problem: Problem, as_text: bool) -> Response:
    found = problem.document
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **problem.headers,
    }
    if as_text:
        return PlainTextResponse(found.detail, found.status, headers)
    left_out = {name for name in ("error_id", "errors") if not getattr(found, name)}
    members = {name: value for name, value in asdict(found).items() if name not in left_out}
    # What a client sent may stand in it, lone surrogates too: ASCII holds all of it.
    return Response(json.dumps(members).encode("ascii"), found.status, headers, MEDIA_TYPE)
