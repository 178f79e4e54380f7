"""What class folders are called that have numbers for names, or WordNet's (``n01440764``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.datasets.layout.lists import called_by, is_number, named_classes
from core.datasets.layout.lookup import Index
from core.datasets.layout.values import Entry, Reading, named


def in_words(
    reading: Reading,
    entries: list[Entry],
    root: Path,
    names: list[str],
    had: Callable[[], dict[str, str]],
) -> Reading:
    """A reading by folders with the names that a list beside them has for their numbers.

    Args:
        names: files that may be such a list, relative to ``root``.
        had: the classes that the dataset's images had before, by their paths; where those were
            the numbers, they stay.
    """
    labels = {file.label for file in reading.files}
    if reading.kind not in ("classes", "splits", "inner") or not all(map(is_number, labels)):
        return reading
    index = Index(entries)
    beside = [name for name in names if not index.is_beside(name)]
    known, where = named_classes(root, beside, index.is_here)
    called = called_by(labels, known)
    if called is None or all(map(is_number, called.values())):
        return reading
    before = had()
    if any(before.get(file.path) == file.label for file in reading.files):
        return reading
    label = min(labels)
    reason = (
        f"{reading.reason} What the classes are called is in {named(sorted(where))}: “{label}” is "
        f"“{called[label]}”."
    )
    files = [file._replace(label=called[file.label]) for file in reading.files]
    return replace(reading, files=files, reason=reason, used=reading.used | where)
