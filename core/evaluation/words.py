"""Numbers and names as the verdict says them."""

from __future__ import annotations

from collections.abc import Sequence


def images(count: int) -> str:
    """``1 image``, ``2,062 images``."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def quoted(label: str) -> str:
    """A class's name, told apart from the words around it."""
    return f"“{label}”"


def listed(labels: Sequence[str], most: int = 4) -> str:
    """``“a”, “b” and “c”``; ``“a”, “b”, “c” and 17 other classes`` where there are more."""
    if len(labels) > most:
        shown = [quoted(label) for label in labels[: most - 1]]
        return f"{', '.join(shown)} and {len(labels) - len(shown):,} other classes"
    names = [quoted(label) for label in labels]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def percent(share: float, digits: int = 0) -> str:
    """``95 %``. Only none is written as 0 %, and only all as 100 %."""
    for places in range(digits, 4):
        text = f"{share * 100:.{places}f}"
        if 0 < float(text) < 100 or share in (0, 1):
            return f"{text if share not in (0, 1) else f'{share * 100:.0f}'} %"
    return "under 0.001 %" if share < 0.5 else "over 99.999 %"
