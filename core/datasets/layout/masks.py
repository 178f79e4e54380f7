"""Files that are called as if they showed where something is in the picture beside them: masks,
outlines, maps of labels or depth. They are images, but hardly of the class that they lie in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

from core.datasets.layout.lookup import stem_of
from core.datasets.layout.names import only_wraps
from core.datasets.layout.values import Entry

_WORDS = (
    r"masks?|segm?|segmentations?|gt|ground[ _-]?truth|labels?|label[ _-]?ids|annotations?|annot"
    r"|matte|trimaps?|depth"
)
# ``benign (1)_mask_2.png``
_END = re.compile(rf"[ _.-]+(?:{_WORDS})(?:[ _-]?\d+)?$", re.IGNORECASE)
_FOLDER = re.compile(rf"(?:{_WORDS})", re.IGNORECASE)


def masks_beside(entries: list[Entry]) -> dict[str, str]:
    """Of each picture that is called like a mask of another one, that other one; both by path.

    The other lies in the same folder, or, for ``cat/masks/1.png``, in ``cat/images``. Folders of
    masks beside class folders are :func:`core.datasets.layout.folders.are_masks`'s matter.
    """
    ends = [_END.search(stem_of(entry.parts[-1])) for entry in entries]
    folders = {folder for entry in entries if (folder := _mask_folder(entry.parts)) is not None}
    if not folders and not any(ends):
        return {}
    here: defaultdict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for entry, end in zip(entries, ends, strict=True):
        if end is None:
            here[entry.parts[:-1]][stem_of(entry.parts[-1])] = entry.path
    around = {folder: _images_beside(folder, here) for folder in folders}
    found = {}
    for entry, end in zip(entries, ends, strict=True):
        stem = stem_of(entry.parts[-1])
        without = stem if end is None else stem[: end.start()]
        inside = _mask_folder(entry.parts)
        beside = around[inside](entry.parts) if inside is not None else {}
        of = beside.get(stem) or beside.get(without)
        if of is None and end is not None:
            of = here[entry.parts[:-1]].get(without)
        if of is not None:
            found[entry.path] = of
    return found


def _mask_folder(parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The innermost folder below the top one that is called like one of masks."""
    for depth in range(len(parts) - 2, 0, -1):
        if _FOLDER.fullmatch(parts[depth]):
            return parts[: depth + 1]
    return None


def _images_beside(
    folder: tuple[str, ...], here: dict[tuple[str, ...], dict[str, str]]
) -> Callable[[tuple[str, ...]], dict[str, str]]:
    """What finds, for a file in a folder of masks, the pictures in the same place of the folder of
    images beside it, by their names without ending."""
    depth = len(folder) - 1
    names = {
        other[depth]
        for other in here
        if len(other) > depth and other[:depth] == folder[:-1] and only_wraps(other[depth])
    }

    def beside(parts: tuple[str, ...]) -> dict[str, str]:
        for name in names:
            if found := here.get((*folder[:-1], name, *parts[depth + 1 : -1])):
                return found
        return {}

    return beside
