"""Routes that describe themselves: the OpenAPI 3.1 document is made from their types.

A route of the API is declared with what its types can't say; what it answers is the type that its
function returns, what it takes are the models of its bodies, and its first line says what it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import core
from core.api import schemas
from core.api.problems import KINDS, MEDIA_TYPE

Endpoint = Callable[[Request], Awaitable[Any]]
_INTRODUCTION = (
    "Ask models that were trained with Lightbox about images. Every request but those for health "
    "and this documentation needs an API key, made in Lightbox on the page Predict, section API. "
    "Probabilities are the same as the app shows. All errors are problem documents (RFC 9457)."
)


class _Schema(GenerateJsonSchema):
    """Without a title for each field, and without defaults that say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema  # none of them
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        if made.get("default", ...) in (None, ""):
            del made["default"]
        return made


@dataclass(frozen=True)
class Operation:
    """One route: the request that it answers, and what the document says of it.

    Attributes:
        id: its name for programs.
        says: what an answer is.
        key: whether it needs an API key.
        about: more than its first line.
        path_parameters: name → what it is.
        bodies: media type → model of a body.
        problems: keys of :data:`KINDS` that it can answer with, besides a defect.
    """

    method: str
    path: str
    id: str
    says: str
    key: bool = True
    about: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, type] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Api:
    """The routes of one version of the API."""

    def __init__(self, prefix: str) -> None:
        self.routes: list[Route] = []
        self._prefix = prefix
        self._operations: list[tuple[Operation, Endpoint, TypeAdapter[Any] | None]] = []
        self._document: dict[str, Any] | None = None

    def answers(self, operation: Operation) -> Callable[[Endpoint], Endpoint]:
        """Let the function below answer; what it returns becomes JSON unless it is a response."""

        def declare(endpoint: Endpoint) -> Endpoint:
            kind = get_type_hints(endpoint)["return"]
            adapter = None if kind is Response else TypeAdapter(kind)

            async def respond(request: Request) -> Response:
                value = await endpoint(request)
                if adapter is None:
                    return value
                # Labels may hold anything; ASCII holds all of it.
                text = json.dumps(adapter.dump_python(value, warnings=False))
                headers = {"Cache-Control": "no-store"}
                return Response(text.encode("ascii"), 200, headers, "application/json")

            path = self._prefix + operation.path
            self.routes.append(Route(path, respond, methods=[operation.method]))
            self._operations.append((operation, endpoint, adapter))
            return endpoint

        return declare

    def document(self) -> dict[str, Any]:
        """The whole document. Shared: whoever wants to change it copies it first."""
        if self._document is None:
            self._document = self._made()
        return self._document

    def _made(self) -> dict[str, Any]:
        wanted: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
            ("problem", "serialization", TypeAdapter(schemas.Problem))
        ]
        for operation, _, adapter in self._operations:
            if adapter is not None:
                wanted.append((operation.id, "serialization", adapter))
            for kind, model in operation.bodies.items():
                wanted.append(((operation.id, kind), "validation", TypeAdapter(model)))
        found, definitions = TypeAdapter.json_schemas(
            wanted, ref_template="#/components/schemas/{model}", schema_generator=_Schema
        )
        of = {name: schema for (name, _), schema in found.items()}
        paths: dict[str, Any] = {}
        for operation, endpoint, _ in self._operations:
            said = _described(operation, endpoint, of)
            paths.setdefault(operation.path, {})[operation.method.lower()] = said
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Lightbox",
                "version": core.__version__,
                "summary": "Predictions over HTTP",
                "description": _INTRODUCTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": f"/api{self._prefix}"}],
            "security": [{"bearer": []}, {"header": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                },
                "schemas": definitions["$defs"],
            },
            "x-problems": [
                {"kind": name, "status": kind.status, "title": kind.title, "remedy": kind.remedy}
                for name, kind in KINDS.items()
            ],
        }


def _described(operation: Operation, endpoint: Endpoint, of: Mapping[Any, Any]) -> dict[str, Any]:
    """What the document says of an operation; ``of`` has the schemas by what they are for."""
    html = operation.id not in of
    answer = {"text/html": {"type": "string"}} if html else {"application/json": of[operation.id]}
    said: dict[str, Any] = {
        "operationId": operation.id,
        "summary": (endpoint.__doc__ or "").split("\n")[0].rstrip("."),
        "responses": {
            "200": {"description": operation.says, "content": _content(answer)},
            **_problems((*operation.problems, "defect"), of["problem"]),
        },
    }
    if operation.about:
        said["description"] = operation.about
    if not operation.key:
        said["security"] = []
    if operation.bodies:
        bodies = {kind: of[operation.id, kind] for kind in operation.bodies}
        said["requestBody"] = {"required": True, "content": _content(bodies)}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            "description": operation.path_parameters.get(name, ""),
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    return said | ({"parameters": parameters} if parameters else {})


def _content(schemas_of: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: {"schema": schema} for kind, schema in schemas_of.items()}


def _problems(kinds: tuple[str, ...], schema: Any) -> dict[str, Any]:
    """The answers of these kinds, by their status."""
    found: dict[str, Any] = {}
    for name in sorted(kinds, key=lambda name: KINDS[name].status):
        kind = KINDS[name]
        status = str(kind.status)
        if status in found:
            found[status]["description"] += f"; or: {kind.title}"
            continue
        found[status] = {"description": kind.title, "content": _content({MEDIA_TYPE: schema})}
        if name in ("rate", "busy"):
            found[status]["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
    return found
