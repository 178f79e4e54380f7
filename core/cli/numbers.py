"""Numbers as people type them, and a sentence where it is none."""

from __future__ import annotations

import math

from core.errors import InvalidInput


def whole(typed: str) -> int:
    """``12``.

    Raises:
        InvalidInput: it is no whole number.
    """
    try:
        return int(typed)
    except ValueError:
        raise InvalidInput(
            f"“{typed}” is no whole number.", remedy="Give one such as 10, in digits."
        ) from None


def number(typed: str) -> float:
    """``0.5``, ``12``.

    Raises:
        InvalidInput: it is no number.
    """
    try:
        found = float(typed)
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise InvalidInput(
            f"“{typed}” is no number.", remedy="Give one such as 10 or 0.5, in digits."
        )
    return found


def share(typed: str) -> float:
    """A share from 0 to 1, also as ``95`` or ``95 %``; what is no share is left to whoever asks.

    Raises:
        InvalidInput: it is no number.
    """
    found = number(typed.removesuffix("%"))
    return found / 100 if typed.endswith("%") or 1 < found <= 100 else found
