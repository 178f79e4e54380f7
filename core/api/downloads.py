"""Hands out exports, straight from disk, to whoever knows their address.

``GET /lightbox/exports/{token}`` answers with a dataset's .zip,
``GET /lightbox/exports/{run}/{format}/{token}`` with a model's.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.api.problems import beside_pages
from core.catalog import opened_workspace
from core.delivery.exports import kept
from core.errors import NotFound
from core.quality import take_away
from core.who import require

PREFIX = "/lightbox/exports"


def model_address(run_id: str, export: kept.Export) -> str:
    """Where a browser fetches a model's export."""
    return f"{PREFIX}/{run_id}/{export.format}/{export.token}"


def _export(request: Request) -> Response:
    require("trainer")
    return _file(take_away.find(opened_workspace(), request.path_params["token"]))


def _model(request: Request) -> Response:
    require("trainer")
    run_id, kind, token = (request.path_params[name] for name in ("run", "format", "token"))
    return _file(kept.find(opened_workspace(), run_id, kind, token))


def _file(file: Path | None) -> Response:
    if file is None:
        raise NotFound("This export is not here any more.", remedy="Make it again.")
    return FileResponse(file, media_type="application/zip", filename=file.name)


ROUTES = beside_pages(
    PREFIX,
    Route("/{token}", _export, methods=["GET"]),
    Route("/{run}/{format}/{token}", _model, methods=["GET"]),
)
