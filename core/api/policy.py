"""Headers that every answer carries, whatever answered."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from starlette.types import Message

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Policy:
    """What a browser may do with an answer; an answer that says something itself keeps it.

    Scripts are Lightbox's and Streamlit's own files, components that arrive over the websocket
    (``blob:``), and functions that charts are compiled into (``unsafe-eval``: Vega and WebGL). No
    script in a page's text runs but those of Streamlit's own document, whose hashes are listed.

    Args:
        document: Streamlit's ``index.html``.
    """

    def __init__(self, document: Path | None = None) -> None:
        text = document.read_text(encoding="utf-8") if document and document.is_file() else ""
        own = " ".join(map(hash_of, _INLINE.findall(text)))
        headers = {
            "content-security-policy": "; ".join(
                (
                    "default-src 'self'",
                    f"script-src 'self' 'unsafe-eval' blob: {own}".rstrip(),
                    "style-src 'self' 'unsafe-inline'",
                    "img-src 'self' data: blob:",
                    "media-src 'self' data: blob:",
                    "font-src 'self' data:",
                    "connect-src 'self' data: blob:",
                    "worker-src 'self' blob:",
                    "frame-src 'self' blob:",
                    "object-src 'none'",
                    "base-uri 'self'",
                    "form-action 'self'",
                    "frame-ancestors 'self'",
                )
            ),
            "x-content-type-options": "nosniff",
            "x-frame-options": "SAMEORIGIN",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(self), microphone=(), geolocation=()",
        }
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    def add_to(self, message: Message) -> None:
        """Put the headers on the message that begins an answer."""
        given = list(message.get("headers", ()))
        said = {name.lower() for name, _ in given}
        message["headers"] = given + [pair for pair in self._headers if pair[0] not in said]


def hash_of(text: str) -> str:
    """How a policy names a script or a style that may be in a page's text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
