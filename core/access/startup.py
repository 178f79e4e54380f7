"""The start-up token: whoever has it is at the computer, and may come in as its owner.

It lies in the memory of the server's process only, and is another one at each start, unless
``LIGHTBOX_TOKEN`` says which.
"""

from __future__ import annotations

import hmac
import os
from functools import cache

from core.errors import InvalidInput
from core.workspace import new_token

_LEAST = 16


@cache
def token() -> str:
    """The token of this process.

    Raises:
        InvalidInput: ``LIGHTBOX_TOKEN`` is too short to be one.
    """
    given = os.environ.get("LIGHTBOX_TOKEN", "").strip()
    if given and (len(given) < _LEAST or not given.isascii() or not given.isprintable()):
        raise InvalidInput(
            f"LIGHTBOX_TOKEN has to be at least {_LEAST} letters and digits, so that nobody "
            "guesses it.",
            remedy="Set a longer one, or leave it out: then there is a new one at each start.",
        )
    return given or new_token()


def is_token(given: str) -> bool:
    """Whether this is it; how long that takes says nothing about it."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token().encode())
