"""How long what lets others in, a link or a key, is in force."""

from __future__ import annotations

import time

from core.errors import InvalidInput

MOST_DAYS = 3650


def ends_at(days: float | None, what: str) -> float | None:
    """When something ends that is made now, in seconds since 1970; ``None`` for never.

    Args:
        days: for so many it is in force; ``None`` for until it is taken back.
        what: “a link”, for example.

    Raises:
        InvalidInput: that is no such number of days.
    """
    if days is None:
        return None
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput(
            f"{what.capitalize()} can't be in force for {days:,g} days.",
            remedy=f"Give a number above 0, {MOST_DAYS:,} at most; or none, and it is in force "
            "until it is taken back.",
        )
    return time.time() + days * 86400
