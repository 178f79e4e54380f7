"""Model families, one a file. ``build`` makes one by name; Keras is imported only then."""

from __future__ import annotations

from typing import Any


def build(key: str, size: int, classes: int) -> Any:
    """A model from RGB pixels 0..255, shape (n, size, size, 3), to probabilities (n, classes).

    Args:
        key: ``compact`` or ``classic``; families with a frozen backbone are put together by
            their own module.
    """
    from core.training.architectures import classic, compact

    return {"compact": compact.build, "classic": classic.build}[key](size, classes)
