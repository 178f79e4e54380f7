"""The page that explains the API and tries it: one document of our own that asks no other
server."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from core.api.policy import hash_of

_HERE = Path(__file__).parent


def response() -> Response:
    """The page, with a policy that lets nothing but its own script run and nothing leave."""
    content, policy = _made()
    return HTMLResponse(
        content,
        headers={
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        },
    )


@cache
def _made() -> tuple[str, str]:
    script, style, page = (
        (_HERE / name).read_text(encoding="utf-8") for name in ("docs.js", "docs.css", "docs.html")
    )
    policy = (
        f"default-src 'none'; script-src {hash_of(script)}; style-src {hash_of(style)}; "
        "connect-src 'self'; img-src blob: data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script), policy
