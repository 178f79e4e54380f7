"""Names of files and folders: which are a system's, which are text, which mean a split."""

from __future__ import annotations

import re
import unicodedata

from core.datasets.layout.values import Split

# What operating systems, network drives and programs leave behind.
_LITTER = {
    "thumbs.db",
    "desktop.ini",
    "__macosx",
    "icon\r",
    "@eadir",
    "@tmp",
    "#recycle",
    "@recycle",
    "found.000",
    "_gsdata_",
    "__cache__",
    "#snapshot",
    "$recycle.bin",
    "recycler",
    "lost+found",
    "system volume information",
    "__pycache__",
    "node_modules",
    "ehthumbs.db",
}
_SPLIT_WORDS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "validate": "validation",
    "dev": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
}
# Folders of pictures that nobody has labelled, as competitions have them.
_UNLABELLED = {"pred", "prediction", "predictions", "predict", "unlabeled", "unlabelled", "submit"}
_AROUND = {
    "images",
    "image",
    "imgs",
    "img",
    "photos",
    "pictures",
    "jpegs",
    "jpeg",
    "jpg",
    "png",
    "data",
}
_SET = re.compile(r"(set|data|images|imgs|dir|folder)$")


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is the operating system's, not the person's."""
    return name.startswith((".", "._")) or name.lower() in _LITTER


def is_told_litter(name: str) -> bool:
    """Whether leaving it out deserves a line: it may hold pictures, and can be seen."""
    return not name.startswith(".") and name.lower() != "__macosx"


def is_text(name: str) -> bool:
    """Whether a name is valid Unicode; others can be on a disk, but not in a table or a page."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def split_of(name: str) -> Split:
    """The split that a folder of this name looks like: ``Training``, ``seg_test``, ``val2``,
    ``testset``; "" for none."""
    words = _words(re.sub(r"(?i)hold[-_ ]out", "holdout", name))
    found = {_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS}
    return found.pop() if len(found) == 1 else ""


def is_unlabelled(name: str) -> bool:
    """Whether a folder of this name holds pictures without labels, by all that is usual."""
    return any(word in _UNLABELLED for word in _words(name))


def only_wraps(name: str) -> bool:
    """Whether a folder's name says no more than that pictures are in it: ``images``, ``photos``."""
    words = _words(name)
    return bool(words) and all(word in _AROUND for word in words)


def says_nothing(name: str) -> bool:
    """Whether a folder's name is no class: ``images``, ``train``, ``pred``."""
    return only_wraps(name) or bool(split_of(name)) or is_unlabelled(name)


def _words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = re.findall(r"[a-z]+", spaced.lower())
    return [word if word in _SPLIT_WORDS else _SET.sub("", word) or word for word in words]


def clean_label(name: str) -> str:
    """A class as its folder or cell names it: one way of Unicode, no blanks at its ends."""
    return unicodedata.normalize("NFC", name).strip() or name
