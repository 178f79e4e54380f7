"""The API's OpenAPI 3.1 document, written by hand: what people and their tools read."""

from __future__ import annotations

from functools import cache
from typing import Any

import core
from core.api.bodies import LONGEST_NAME, MOST_TOP_K, TOP_K
from core.api.limits import MAX_BODY_BYTES, MAX_IMAGES
from core.api.problems import KINDS, MEDIA_TYPE

_INTRODUCTION = (
    "Ask models that were trained with Lightbox about images. Every request but those for health "
    "and this documentation needs an API key, made in Lightbox on the page Predict, section API. "
    "Probabilities are the same as the app shows. All errors are problem documents (RFC 9457)."
)
_WISHES = {
    "top_k": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_TOP_K,
        "default": TOP_K,
        "description": "How many of the most probable classes to name.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "An answer that is less probable than this is marked as unsure. Left out, "
        "it is what the app begins with for this model; the answer says it.",
    },
}
_BASE64 = {
    "type": "string",
    "minLength": 1,
    "contentEncoding": "base64",
    "description": "An image file as base64; a data: address is fine too.",
}


@cache
def openapi() -> dict[str, Any]:
    """The whole document. Shared: whoever wants to change it copies it first."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lightbox",
            "version": core.__version__,
            "summary": "Predictions over HTTP",
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}, {"header": []}],
        "paths": {
            "/models": {
                "get": {
                    "operationId": "listModels",
                    "summary": "The finished models, newest first",
                    "responses": {
                        "200": _json("The models", {"$ref": "#/components/schemas/Models"}),
                        **_problems("key-needed", "rate", "busy", "defect"),
                    },
                }
            },
            "/models/{id}/predict": {"post": _predict()},
            "/health": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether the server is there",
                    "security": [],
                    "responses": {
                        "200": _json("It is", {"$ref": "#/components/schemas/Health"}),
                        **_problems("defect"),
                    },
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "security": [],
                    "responses": {
                        "200": _json("This document", {"type": "object"}),
                        **_problems("defect"),
                    },
                }
            },
            "/docs": {
                "get": {
                    "operationId": "docs",
                    "summary": "A page for people, which also tries it",
                    "security": [],
                    "responses": {
                        "200": {
                            "description": "The page",
                            "content": {"text/html": {"schema": {"type": "string"}}},
                        },
                        **_problems("defect"),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "schemas": _schemas(),
        },
        "x-problems": [
            {"kind": name, "status": kind.status, "title": kind.title, "remedy": kind.remedy}
            for name, kind in KINDS.items()
        ],
    }


def _predict() -> dict[str, Any]:
    form = {
        "type": "object",
        "required": ["images"],
        "additionalProperties": False,
        "properties": {
            "images": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_IMAGES,
                "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                "description": "Image files: JPEG, PNG, WebP, BMP, GIF or TIFF.",
            },
            **_WISHES,
        },
    }
    return {
        "operationId": "predict",
        "summary": "Images in, labelled probabilities out",
        "description": (
            f"One to {MAX_IMAGES} images, at most {MAX_BODY_BYTES // 1024**2} MB together. The "
            "answers come in the order of the images. If only some can be read, the others have "
            "an error in place of an answer; if none can, the answer is a problem."
        ),
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "description": "The model's id, as listed; its name will do too.",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {"schema": {"$ref": "#/components/schemas/Question"}},
            },
        },
        "responses": {
            "200": _json("An answer for each image", {"$ref": "#/components/schemas/Answer"}),
            **_problems(
                *("malformed", "key-needed", "not-found", "timeout", "too-large", "media-type"),
                *("invalid", "unreadable-image", "rate", "defect", "busy"),
            ),
        },
    }


def _schemas() -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    text = {"type": "string"}
    return {
        "Question": {
            "type": "object",
            "required": ["images"],
            "additionalProperties": False,
            "properties": {
                "images": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_IMAGES,
                    "items": {
                        "oneOf": [
                            _BASE64,
                            {
                                "type": "object",
                                "required": ["data"],
                                "additionalProperties": False,
                                "properties": {
                                    "data": _BASE64,
                                    "name": {"type": "string", "maxLength": LONGEST_NAME},
                                },
                            },
                        ]
                    },
                },
                **_WISHES,
            },
        },
        "Answer": _object(
            model=_object(id=text, name=text),
            predictions={
                "type": "array",
                "minItems": 1,
                "items": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/Prediction"},
                        {"$ref": "#/components/schemas/Unreadable"},
                    ]
                },
            },
            threshold={**share, "description": "Below it, an answer is marked as unsure."},
            milliseconds={"type": "number", "minimum": 0, "description": "Time on the server."},
        ),
        "Prediction": _object(
            name=text,
            label={"type": "string", "description": "The most probable class."},
            confidence={**share, "description": "Its probability."},
            unsure={"type": "boolean", "description": "Whether that is below the threshold."},
            top={
                "type": "array",
                "minItems": 1,
                "description": "The most probable classes, highest first.",
                "items": _object(label=text, probability=share),
            },
        ),
        "Unreadable": _object(
            name=text, error={"type": "string", "description": "Why it could not be read."}
        ),
        "Models": _object(
            models={"type": "array", "items": {"$ref": "#/components/schemas/Model"}}
        ),
        "Model": _object(
            id=text,
            name=text,
            classes={"type": "array", "items": text},
            image_size={
                "type": "integer",
                "minimum": 1,
                "description": "Images are resized to squares of this side, in pixels.",
            },
            architecture=text,
            test_accuracy={
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": 1,
                "description": "Share of right answers on images that training never saw.",
            },
            created={"type": "string", "format": "date-time"},
            predict={"type": "string", "description": "Where to send images."},
        ),
        "Health": _object(
            status={"const": "ok"},
            version=text,
            models_loaded={"type": "integer", "minimum": 0},
        ),
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": text,
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": text,
                "error_id": {"type": "string", "description": "Names a defect in the logs."},
                "errors": {
                    "type": "array",
                    "items": _object(
                        pointer={"type": "string", "description": "Which part, as a JSON pointer."},
                        detail=text,
                    ),
                },
            },
        },
    }


def _object(**properties: Any) -> dict[str, Any]:
    """An object that has all of these, and nothing else."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(*kinds: str) -> dict[str, Any]:
    """The answers of these kinds, by their status."""
    found: dict[str, Any] = {}
    for name in kinds:
        kind = KINDS[name]
        status = str(kind.status)
        if status in found:
            found[status]["description"] += f"; or: {kind.title}"
            continue
        found[status] = {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if name in ("rate", "busy"):
            found[status]["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
    return found
