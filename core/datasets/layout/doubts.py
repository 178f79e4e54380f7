"""What class folders may be besides: splits, masks, or not the classes but what is around them."""

from __future__ import annotations

from core.datasets.layout import folders
from core.datasets.layout.folders import Node
from core.datasets.layout.together import tells
from core.datasets.layout.values import Entry, Reading, named


def doubted(top: Node, entries: list[Entry]) -> tuple[str, list[Reading]]:
    """The doubt about class folders, and other readings that make as much sense; "" and none where
    they are clear.

    Args:
        top: what holds the class folders.
        entries: the pictures below it.
    """
    names = named(sorted(top.inside))
    if folders.looks_like_splits(top):
        return (
            f"The folders are called {names}, which sounds like splits and not like classes, and "
            "no folders in them say what the classes are."
        ), []
    if mask := folders.are_masks(entries, top):
        return (
            f"“{mask}” holds files of the same names as the folder beside it: masks of those "
            "pictures, it seems. Then these folders are no classes."
        ), []
    if not folders.shares_inner(top) and not folders.is_nested(top):
        return "", []
    inner = folders.by_inner(entries)
    both = [inner, folders.by_inner(entries, joined=True)]
    if not folders.shares_inner(top):
        return "", both
    shared = sorted({file.label for file in inner.files})
    if all(map(tells, shared)):
        return "", [inner]
    return (
        f"The folders {names} hold folders of the same names, {named(shared)}: either may be the "
        "classes."
    ), both
