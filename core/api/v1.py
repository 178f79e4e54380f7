"""The HTTP API, version 1: models, predictions, health, and its own documentation.

    GET  /api/v1/models                  the finished models
    POST /api/v1/models/{id}/predict     images in, labelled probabilities out
    GET  /api/v1/health                  whether it is there; needs no key
    GET  /api/v1/openapi.json            the OpenAPI document; needs no key
    GET  /api/v1/docs                    a page that explains it and tries it; needs no key

Images are decoded and asked about in the threads of :mod:`core.inference.pool`; only a body's bytes
are handled where the pages' own connections are.
"""

from __future__ import annotations

import asyncio
import datetime
import math
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router

import core
from core import settings
from core.access.browsers import owner
from core.api import bodies, page, schemas
from core.api.limits import (
    MAX_BODY_BYTES,
    MAX_IMAGES,
    Budget,
    Rate,
    busy,
    check_pixels,
)
from core.api.openapi import Api, Operation
from core.api.problems import Problem, ProblemDocuments
from core.catalog import RunRecord, open_catalog, opened_workspace
from core.errors import InvalidInput, NotFound
from core.evaluation.out_of_distribution import out_of_distribution_files
from core.evaluation.threshold import sure_from
from core.inference.keys import ApiKey, find_key, note_used
from core.inference.pool import Busy, prediction_pool
from core.inference.predictor import Prediction, loaded_models, open_predictor
from core.runs.files import RunFiles
from core.who import NOBODY, Who, acting_as
from core.workspace import Workspace, open_workspace

PREFIX = "/api/v1"
_KEY = ("key-needed", "rate", "busy")
T = TypeVar("T")
_rate = Rate()
_budget = Budget()
# Looking a run up takes as long as decoding a small image, so it is remembered for a moment. One
# that was put into the bin answers for so long still, in seconds.
_REMEMBERED_S = 1.0
_found: dict[tuple[Path, str, str], tuple[float, RunRecord]] = {}


_api = Api("/v1")


@_api.answers(Operation("GET", "/models", "listModels", "The models", problems=(*_KEY, "invalid")))
async def _models(request: Request) -> schemas.Models:
    """The finished models, newest first."""
    workspace, key, who = _let_in(request)
    return await _soon(lambda: _list(workspace, key, who))


@_api.answers(
    Operation(
        "POST",
        "/models/{id}/predict",
        "predict",
        "An answer for each image",
        about=f"One to {MAX_IMAGES} images, at most {MAX_BODY_BYTES // 1024**2} MB together. The "
        "answers come in the order of the images. If only some can be read, the others have an "
        "error in place of an answer; if none can, the answer is a problem.",
        path_parameters={"id": "The model's id, as listed; its name will do too."},
        bodies={"multipart/form-data": bodies.Form, "application/json": bodies.Question},
        problems=(
            *_KEY,
            *("malformed", "not-found", "timeout", "too-large", "media-type"),
            *("invalid", "unreadable-image", "damaged"),
        ),
    )
)
async def _predict(request: Request) -> schemas.Answer:
    """Images in, labelled probabilities out."""
    workspace, key, who = _let_in(request)
    run_id = request.path_params["id"]
    kind = request.headers.get("content-type", "")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("media-type", "Send the body as it is, without Content-Encoding.")
    async with _budget.body(request) as data:
        return await _soon(lambda: _answer(workspace, key, who, run_id, kind, data))


@_api.answers(Operation("GET", "/health", "health", "It is", key=False))
async def _health(_: Request) -> schemas.Health:
    """Whether the server is there."""
    return schemas.Health("ok", core.__version__, loaded_models())


@_api.answers(Operation("GET", "/openapi.json", "openapi", "This document", key=False))
async def _openapi(_: Request) -> dict[str, Any]:
    """This document."""
    return openapi()


@_api.answers(Operation("GET", "/docs", "docs", "The page", key=False))
async def _docs(_: Request) -> Response:
    """A page for people, which also tries it."""
    return page.response()


def openapi() -> dict[str, Any]:
    """The OpenAPI document of this version."""
    return _api.document()


def _let_in(request: Request) -> tuple[Workspace, ApiKey, Who]:
    """Whose request this is, and for whom that key acts.

    Raises:
        Problem: it has no key that is in force, the key was used too often, or the address has
            parameters, of which there are none.
    """
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    secret = bearer.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "")
    workspace = _workspace(os.environ.get("LIGHTBOX_HOME"), settings.files())
    try:
        key = find_key(workspace, secret) if secret else None
    except InvalidInput as error:
        raise Problem("defect", error.title) from error
    who = NOBODY if key is None else owner(workspace, key.by, person=key.person)
    if key is None or not who.may("viewer"):
        raise Problem(
            "key-needed",
            "This API key is not in force." if secret else "The request has no API key.",
            headers={"WWW-Authenticate": 'Bearer realm="Lightbox"'},
        )
    wait = _rate.take(key.id, key.per_minute)
    if wait:
        raise Problem(
            "rate",
            f"This key may be used {key.per_minute:,} times a minute.",
            headers={"Retry-After": str(max(1, math.ceil(wait)))},
        )
    if request.query_params:
        # Ignored, a wish would look as if it had been obeyed.
        raise Problem(
            "invalid",
            "Nothing can be asked for behind the “?” of this address. What is wished for, top_k "
            "and threshold, goes into the body.",
            errors=[
                schemas.Fault(f"?{bodies.clean(name)}", "There is no such parameter.")
                for name in list(request.query_params)[: bodies.MOST_ERRORS]
            ],
        )
    return workspace, key, who


@lru_cache(maxsize=8)
def _workspace(home: str | None, files: str) -> Workspace:
    """The workspace, opened once; ``home`` and ``files`` are what the environment says."""
    del home  # a part of the key only
    return opened_workspace() if files else open_workspace()


async def _soon(work: Callable[[], T]) -> T:
    """Have work done by the pool, and wait for it without keeping anybody else waiting."""
    try:
        future = prediction_pool().submit(work)
    except Busy:
        raise busy() from None
    return await asyncio.wrap_future(future)


def _list(workspace: Workspace, key: ApiKey, who: Who) -> schemas.Models:
    note_used(workspace, key)
    found = []
    with acting_as(who):
        runs = open_catalog(workspace).runs.all()
    for run in runs:
        if run.state != "done" or (key.models and run.id not in key.models):
            continue
        try:
            info = RunFiles(workspace, run.id).model()
        except NotFound:
            continue  # its files have gone
        created = datetime.datetime.fromtimestamp(run.created_at, datetime.UTC)
        found.append(
            schemas.Model(
                id=run.id,
                name=run.name,
                classes=list(info.classes),
                image_size=info.image_size,
                architecture=info.architecture,
                test_accuracy=run.summary.test_accuracy,
                created=created.isoformat(timespec="seconds"),
                predict=f"{PREFIX}/models/{run.id}/predict",
            )
        )
    return schemas.Models(found)


def _answer(
    workspace: Workspace, key: ApiKey, who: Who, run_id: str, kind: str, data: bytes
) -> schemas.Answer:
    """One request, from its body to what is answered."""
    started = time.perf_counter()
    note_used(workspace, key)
    run = _find(workspace, key, who, run_id)
    predictor = open_predictor(workspace, run.id)
    asked = bodies.parse(kind, data)
    check_pixels(asked.images)
    predictions = predictor.predict(asked.images, top=asked.top_k)
    if all(each.error for each in predictions):
        raise Problem(
            "unreadable-image",
            predictions[0].error if len(predictions) == 1 else "None of the images could be read.",
            errors=[
                schemas.Fault(f"/images/{n}", each.error) for n, each in enumerate(predictions)
            ],
        )
    threshold = asked.threshold
    if threshold is None:
        threshold = sure_from(workspace, run.id).threshold
    unlike: list[bool | None] = [None] * len(predictions)
    if asked.familiarity:
        unlike = out_of_distribution_files(workspace, run.id, asked.images)
    return schemas.Answer(
        model=schemas.ModelName(run.id, run.name),
        predictions=[
            _prediction(each, threshold, unfamiliar)
            for each, unfamiliar in zip(predictions, unlike, strict=True)
        ],
        threshold=threshold,
        milliseconds=round((time.perf_counter() - started) * 1000, 3),
    )


def _find(workspace: Workspace, key: ApiKey, who: Who, run_id: str) -> RunRecord:
    if not run_id.isprintable():
        raise _no_such(run_id)
    asked = (workspace.home, who.name, run_id)
    at, run = _found.get(asked, (0.0, None))
    if run is None or time.monotonic() - at > _REMEMBERED_S:
        try:
            with acting_as(who):
                run = open_catalog(workspace).runs.find(run_id)
        except NotFound:
            # Its sentence names others, or says what is in the bin.
            raise _no_such(run_id) from None
        if len(_found) > 100:
            _found.clear()
        _found[asked] = (time.monotonic(), run)
    if key.models and run.id not in key.models:
        raise _no_such(run_id)
    if run.state != "done":
        raise NotFound(f"“{run.name}” is not trained yet.", remedy="Ask again when it is done.")
    return run


def _no_such(run_id: str) -> NotFound:
    """The same for a model that isn't there and for one that this key may not know of."""
    return NotFound(
        f"There is no model “{bodies.clean(run_id)}” that this key may ask.",
        remedy=f"GET {PREFIX}/models lists those that it may.",
    )


def _prediction(
    answer: Prediction, threshold: float, unfamiliar: bool | None
) -> schemas.Prediction | schemas.Unreadable:
    if answer.error:
        return schemas.Unreadable(answer.name, answer.error)
    return schemas.Prediction(
        name=answer.name,
        label=answer.label,
        confidence=answer.confidence,
        unsure=answer.confidence < threshold,
        unfamiliar=unfamiliar,
        top=[schemas.Share(label, share) for label, share in answer.top],
    )


_router = Router(_api.routes, redirect_slashes=False)
# A key is sent on purpose, never by the browser on its own as cookies are, so programs of other
# sites may ask too.
_served = CORSMiddleware(
    ProblemDocuments(_router),
    allow_origins=["*"],
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "X-API-Key", "Content-Type"],
    expose_headers=["Retry-After"],
)
ROUTES = (Mount("/api", app=_served),)
