"""What was found below a folder or a place in a bucket, before anybody says what it means."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.datasets.layout.values import Entry, Skipped
from core.errors import InvalidInput
from core.text import plural

# Opening a file to see what it is costs as much as a small picture's decoding.
MOST_LOOKED_INTO = 20_000
# System folders that are named in a line.
_NAMED = 12


@dataclass
class Walked:
    """What lies below a folder.

    Attributes:
        entries: pictures, in no order.
        tables: files that may say something about pictures: paths relative to the root.
        skipped: what else was found, with the reason.
        litter: folders and files of a system's own, by name, with how often they were met.
    """

    entries: list[Entry] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    litter: Counter[str] = field(default_factory=Counter)

    def sentences(self) -> list[str]:
        """What is to be said of what was left out without a line each."""
        if not self.litter:
            return []
        hidden = {name: n for name, n in self.litter.items() if name.startswith(".")}
        others = {name: n for name, n in self.litter.items() if name not in hidden}
        found = []
        for some, why in (
            (others, "Left out, since a system keeps them and no person does"),
            (hidden, "Hidden folders were left out"),
        ):
            named = [f"{name} ({count:,})" for name, count in sorted(some.items())]
            more = f" and {plural(len(named) - _NAMED, 'other')}" if len(named) > _NAMED else ""
            found += [f"{why}: {', '.join(named[:_NAMED])}{more}."] if named else []
        return found


def too_many(root: Path, max_files: int) -> InvalidInput:
    """What is said of a folder with more pictures than are allowed."""
    return InvalidInput(
        f"This folder holds more than {max_files:,} images.",
        file=root,
        remedy="Choose a smaller folder, or raise LIGHTBOX_MAX_FILES.",
    )
