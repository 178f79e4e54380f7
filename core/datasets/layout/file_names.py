"""Labels in file names: ``cat.12.jpg``, ``dog_0003.png``, ``0001-tulip.jpg``."""

from __future__ import annotations

import re
from collections import Counter

from core.datasets.layout.names import is_unlabelled, split_in, split_of
from core.datasets.layout.values import Entry, Reading

# What cameras, phones and programs call files says nothing of what is on them.
_DEVICES = re.compile(
    r"(img|dsc[nf]?|dcim|pxl|mvimg|image|photo|picture|pic|frame|screenshot|scan|file|vid|wp|p|"
    r"whatsapp image|untitled|sample|signal|download|capture|snap|crop|patch|tile)s?",
    re.IGNORECASE,
)
# So much of the names must fit, and so many files have each label, on average.
_MOST_MUST_FIT = 0.9
_FILES_A_LABEL = 2.0


_PATTERNS = (
    ("what stands before the number", re.compile(r"(.*?)[\W_]*\(?\d+\)?[\W_]*$")),
    ("what stands after the number", re.compile(r"[\W_]*\d+[\W_]+([^\d].*?)$")),
    ("what stands before the first dot, dash or underscore", re.compile(r"([^\W\d_]+)[._-]")),
)


def by_names(entries: list[Entry]) -> Reading | None:
    """The class in each file's name, where one pattern fits nearly all of them.

    Files below a folder that is named like a split keep that split; those of a test folder that the
    pattern doesn't fit have no labels, and don't count against it.
    """
    stems = [entry.parts[-1].rpartition(".")[0] or entry.parts[-1] for entry in entries]
    held = [_is_held_out(entry) for entry in entries]
    for words, pattern in _PATTERNS:
        matches = map(pattern.match, stems)
        labels = [match[1].strip(" ._-") if match else "" for match in matches]
        judged = [label for label, out in zip(labels, held, strict=True) if not out] or labels
        counts = Counter(label for label in judged if label and not _DEVICES.fullmatch(label))
        fitting = sum(counts.values())
        if len(counts) < 2 or fitting < _MOST_MUST_FIT * len(judged):
            continue
        if fitting < _FILES_A_LABEL * len(counts):
            continue
        files, skipped = [], []
        for entry, label in zip(entries, labels, strict=True):
            if label in counts:
                files.append(entry.found(label, split_in(entry.parts[:-1])))
            else:
                skipped.append(entry.skipped("Its name doesn't say its class as others' do."))
        shown = {file.label: file.path.rpartition("/")[2] for file in files}
        examples = [f"{name} is “{label}”" for label, name in sorted(shown.items())[:3]]
        reason = f"The class is {words} in each file's name: {', '.join(examples)}."
        return Reading("names", files, skipped, reason)
    return None


def _is_held_out(entry: Entry) -> bool:
    return any(
        is_unlabelled(part) or split_of(part) in ("validation", "test") for part in entry.parts[:-1]
    )
