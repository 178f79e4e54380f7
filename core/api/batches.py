"""Hands out the answers of a batch as a table: ``GET /lightbox/batches/{run}/{batch}.{format}``.

The id of a batch can't be guessed, so whoever has the address was given it. Tables are written to
disk and sent from there; a hundred thousand rows never lie in the server's memory.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.api.problems import beside_pages
from core.catalog import opened_workspace
from core.errors import InvalidInput, NotFound
from core.inference.batch_results import FORMATS, Format, limit_of, write_results
from core.inference.batch_store import Batch, find_batch, place_of
from core.quality.safe_names import safe_name
from core.who import require

PREFIX = "/lightbox/batches"
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_RUN = re.compile(r"[\w-]{1,64}")


def address(batch: Batch, kind: Format, threshold: float) -> str:
    """Where a table is fetched, below the address of the app."""
    return f"{PREFIX}/{batch.run_id}/{batch.id}.{kind}?threshold={threshold:g}"


def _table(request: Request) -> Response:
    """The table, made unless it was before.

    Raises:
        NotFound: there is no such batch or format, or none can have this threshold.
    """
    require("labeller")
    run_id, batch_id, kind = (request.path_params[name] for name in ("run", "batch", "kind"))
    if kind not in FORMATS or not _RUN.fullmatch(run_id):
        raise NotFound("There is no such table.")
    workspace = opened_workspace()
    batch = find_batch(workspace, run_id, batch_id)
    threshold = request.query_params.get("threshold", "")
    try:
        limit = float(threshold) if threshold else limit_of(workspace, batch)
    except ValueError as error:
        raise NotFound("There is no such table.") from error
    folder = place_of(workspace, batch) / "made"
    file = folder / f"answers-{limit:g}.{kind}"
    if not file.exists():
        # The one before, at another threshold, is not needed any more.
        for old in folder.glob(f"answers-*.{kind}"):
            old.unlink(missing_ok=True)
        try:
            write_results(workspace, batch, file, limit)
        except InvalidInput as error:
            raise NotFound(error.title, remedy=error.remedy) from error
    return FileResponse(
        file,
        media_type=_TYPES[kind],
        filename=safe_name(f"{batch.name} answers.{kind}"),
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
    )


ROUTES = beside_pages(PREFIX, Route("/{run}/{batch}.{kind}", _table, methods=["GET"]))
