"""Labels as they were found: brought to one way of writing, compared with others', and put in words
where they are numbers."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.datasets.layout.lists import called_by, is_number, named_classes
from core.datasets.layout.lookup import Index
from core.datasets.layout.names import clean_label, look_of, split_of
from core.datasets.layout.values import Entry, FoundFile, Reading, named


def renames(files: list[FoundFile], folder_of: dict[str, str]) -> bool:
    """Whether labels and folders go together one to one: two names for the same classes."""
    pairs = {(file.label, folder_of.get(file.path, "")) for file in files}
    return len(pairs) == len({label for label, _ in pairs}) == len({name for _, name in pairs})


_MERGE = "If they are the same, merge them."


def alike(labels: Iterable[str]) -> list[list[str]]:
    """Classes that look alike: groups of two and more."""
    found: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        found[look_of(label)].append(label)
    return sorted(sorted(group) for group in found.values() if len(group) > 1)


def differ(labels: Sequence[str]) -> str:
    """What is said of classes that look alike."""
    return f"{named(labels)} differ only in how they are written."


def asks_to_merge(note: str) -> bool:
    """Whether a note of a layout is about classes that look alike."""
    return note.endswith(_MERGE)


def _is_several(label: str, labels: Collection[str]) -> bool:
    """Whether a class is made of others' names, as tables write it of an image of several:
    ``effusion|mass``."""
    parts = (label.split(mark) for mark in ("|", ";", ",", "+", "/", " "))
    return any(len(each) > 1 and all(part.strip() in labels for part in each) for each in parts)


def in_words(
    reading: Reading,
    entries: list[Entry],
    root: Path,
    names: list[str],
    had: Callable[[], dict[str, str]],
) -> Reading:
    """A reading by folders that have numbers for names, or WordNet's (``n01440764``), with what a
    list beside them calls these.

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


def cleaned(files: list[FoundFile]) -> tuple[list[FoundFile], list[str]]:
    """Labels in one way of Unicode without blanks at their ends, and what is said about that."""
    written: dict[str, set[str]] = defaultdict(set)
    for label in {file.label for file in files}:
        written[clean_label(label)].add(label)
    notes = []
    for label, ways in sorted(written.items()):
        if len(ways) > 1:
            blanks = len({way.strip() for way in ways}) < len(ways)
            how = "with and without blanks at its end" if blanks else "in two ways of Unicode"
            if len({unicodedata.normalize("NFC", way).strip() for way in ways}) > 1:
                how = "with and without marks that can’t be seen"
            notes.append(f"“{label}” is written {how}; it was read as one class.")
    changed = {way: label for label, ways in written.items() for way in ways if way != label}
    if changed:
        files = [
            file._replace(label=changed[file.label]) if file.label in changed else file
            for file in files
        ]
    notes += [f"{differ(labels)} {_MERGE}" for labels in alike(written)]
    if several := sorted(label for label in written if _is_several(label, written.keys())):
        are = (
            "is several of the classes" if len(several) == 1 else "are several of the classes each"
        )
        notes.append(
            f"{named(several)} {are} at once, and counts as one more: leave these images out, or "
            "say for each which class it is."
        )
    splits = sorted(label for label in written if split_of(label))
    if len(splits) > 1 and len(splits) < len(written):
        notes.append(f"{named(splits)} sound like splits; they were read as classes.")
    return files, notes
