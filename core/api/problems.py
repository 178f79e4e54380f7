"""Errors of the API as RFC 9457 problem documents (``application/problem+json``).

Every error has one of a few kinds. Its ``type`` leads to where the documentation explains it.
"""

from __future__ import annotations

import json
import traceback
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import (
    Conflict,
    InvalidInput,
    LightboxError,
    NoSpace,
    NotAllowed,
    NotFound,
    UnreadableImage,
    disk_errors,
)
from core.workspace import open_workspace

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
    "defect": Kind(
        500, "Something went wrong inside Lightbox", "The details are in its logs under error_id."
    ),
    "busy": Kind(503, "Too much to do", "Wait as long as the header Retry-After says, in seconds."),
    "no-space": Kind(507, "The disk is full", "Free some space, then try again."),
}
_OF_STATUS = {400: "malformed", 404: "not-found", 405: "method", 413: "too-large"}
_OF_ERROR: tuple[tuple[type[LightboxError], str], ...] = (
    (NotFound, "not-found"),
    (InvalidInput, "invalid"),
    (UnreadableImage, "unreadable-image"),
    (NotAllowed, "not-allowed"),
    (NoSpace, "no-space"),
    (Conflict, "conflict"),
)


class Problem(Exception):
    """An error that is answered as it is.

    Args:
        kind: a key of :data:`KINDS`.
        detail: what happened this time, as a sentence.
        headers: to send along.
        more: further members of the document.
    """

    def __init__(
        self, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.more = more


def to_problem(error: Exception) -> Problem:
    """Any exception as what the client may know of it; a defect is logged and gets an id."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        kind = _OF_STATUS.get(error.status_code, "malformed")
        said = KINDS[kind]
        return Problem(kind, said.remedy, headers=dict(error.headers or {}))
    if isinstance(error, LightboxError):
        kind = next((kind for cls, kind in _OF_ERROR if isinstance(error, cls)), "invalid")
        return Problem(kind, str(error))
    error_id = _log(error)
    return Problem(
        "defect", f"The details are in Lightbox's logs under {error_id}.", error_id=error_id
    )


def document(problem: Problem) -> dict[str, Any]:
    """The members of the problem document."""
    kind = KINDS[problem.kind]
    return {
        "type": f"{_DOCUMENTATION}#{problem.kind}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        **problem.more,
    }


def response(problem: Problem) -> Response:
    """The problem document as an answer."""
    body = document(problem)
    # What a client sent may stand in it, lone surrogates too: ASCII holds all of it.
    return Response(
        json.dumps(body).encode("ascii"),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def _log(error: Exception) -> str:
    """Write a defect's traceback to where jobs write theirs; returns its id."""
    error_id = f"e-{uuid.uuid4().hex[:8]}"
    text = "".join(traceback.format_exception(error))
    try:
        with disk_errors("writing the log"):
            (open_workspace().logs / f"{error_id}.txt").write_text(text, encoding="utf-8")
    except LightboxError:
        traceback.print_exception(error)
    return error_id
