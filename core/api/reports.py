"""Hands out the report of a run to whoever has a link to it, and nothing else.

GET /lightbox/reports/{token}.html    the page; ``?download=1`` to keep it
GET /lightbox/reports/{token}.pdf     the same as PDF
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.api.problems import beside_pages
from core.catalog import open_catalog
from core.delivery.take_away.links import find_link
from core.delivery.take_away.made import find_report
from core.errors import NotFound
from core.quality.safe_names import safe_name
from core.who import Who, acting, acting_as
from core.workspace import open_workspace

PREFIX = "/lightbox/reports"
_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
# The page has no scripts and loads nothing; should a name ever get past its escaping, still
# nothing.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def _report(request: Request) -> Response:
    kind = request.path_params["kind"]
    file, name = _find(request.path_params["token"], kind)
    download = "download" in request.query_params
    return FileResponse(
        file,
        media_type=_TYPES[kind],
        filename=f"{name}.{kind}",
        content_disposition_type="attachment" if download else "inline",
        # A PDF is shown by the browser's own viewer, which a sandbox would keep out.
        headers=_HEADERS
        if kind == "html"
        else {**_HEADERS, "Content-Security-Policy": "default-src 'none'"},
    )


def _find(token: str, kind: str) -> tuple[Path, str]:
    """The file that a link leads to, and what to call it.

    Raises:
        NotFound: the link leads nowhere, or the report is not made yet.
    """
    if kind not in _TYPES:
        raise NotFound("A report is .html or .pdf.")
    catalog = open_catalog(open_workspace())
    who = acting()
    if not who.may("viewer"):
        # Whatever link a browser came with before, it comes with this one now.
        who = Who("guest", "a guest", links=(token,))
    with acting_as(who):
        _, run = find_link(catalog, token)
    made = find_report(catalog, run.id)
    file = made.page if kind == "html" else made.pdf
    if file is None:
        raise NotFound(
            made.no_pdf or "The report is not made yet.",
            remedy="" if made.no_pdf else "Try again in a moment, or ask whoever sent the link.",
        )
    return file, safe_name(f"{run.name} report")


ROUTES = beside_pages(PREFIX, Route("/{token}.{kind}", _report, methods=["GET"]))
