"""Readings by folders: class folders, split folders, and folders inside folders.

Only folders with pictures count. What an empty folder, or one of documents, is called says nothing
of the pictures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.datasets.layout.names import (
    clean_label,
    is_unlabelled,
    only_wraps,
    says_nothing,
    split_of,
)
from core.datasets.layout.together import tells
from core.datasets.layout.values import Entry, FoundFile, Reading, Skipped, Split, named

Deeper = Literal["", "inner", "joined"]
_OUTSIDE = "It lies outside the class folders."
_MASKED = 0.8
# A few pictures beside class folders are strays; more of them are what the folder is for.
_STRAYS = 0.2
# Split folders whose classes have less in common than this are perhaps something else.
_ALIKE = 0.5


@dataclass
class Node:
    """A folder: pictures in it, in it and below, and the folders with pictures in it."""

    direct: int = 0
    total: int = 0
    inside: dict[str, Node] = field(default_factory=dict)

    def at(self, parts: Iterable[str]) -> Node:
        node = self
        for part in parts:
            node = node.inside[part]
        return node

    @property
    def is_flat(self) -> bool:
        """Whether pictures lie in it, and not in folders of it but for a few."""
        return not self.inside or self.direct > _STRAYS * self.total


def tree(entries: list[Entry]) -> Node:
    """The folders of pictures."""
    top = Node()
    for parts, count in Counter(entry.parts[:-1] for entry in entries).items():
        node = top
        node.total += count
        for part in parts:
            node = node.inside.setdefault(part, Node())
            node.total += count
        node.direct += count
    return top


def wrapping(top: Node) -> tuple[str, ...]:
    """The folders that only wrap: each is the one in the other, and holds nothing but folders."""
    prefix: tuple[str, ...] = ()
    node = top
    while not node.direct and len(node.inside) == 1:
        ((name, inner),) = node.inside.items()
        if (inner.is_flat or inner.direct) and not only_wraps(name):
            break
        if split_of(name) and not any(split_of(each) for each in inner.inside):
            break
        prefix, node = (*prefix, name), inner
    return prefix


@dataclass(frozen=True)
class _SplitFolder:
    """One folder that is named like a split: the depth at which its classes lie; 0 for none."""

    split: Split
    depth: int
    classes: frozenset[str]


def _split_folder(name: str, node: Node) -> _SplitFolder:
    depth, inner = 1, node
    # ``train/train/cat`` and ``train/images/cat`` mean ``train/cat``.
    while not inner.direct and len(inner.inside) == 1:
        ((below, next_one),) = inner.inside.items()
        if next_one.is_flat and not next_one.inside:
            if below == name or says_nothing(below):
                return _SplitFolder(split_of(name), 0, frozenset())
            break
        if next_one.direct and not says_nothing(below):
            break
        depth, inner = depth + 1, next_one
    if inner.is_flat:
        return _SplitFolder(split_of(name), 0, frozenset())
    return _SplitFolder(split_of(name), depth, frozenset(map(clean_label, inner.inside)))


def split_folders(top: Node) -> dict[str, Split]:
    """The folders in ``top`` that are splits of class folders, by name; none if they are not."""
    return {name: each.split for name, each in _splits(top).items() if each.depth}


def _splits(top: Node) -> dict[str, _SplitFolder]:
    found = {
        name: _split_folder(name, node)
        for name, node in top.inside.items()
        if split_of(name) or is_unlabelled(name)
    }
    training: set[str] = set()
    for each in found.values():
        if each.split == "train" and each.depth:
            training |= each.classes
    others = [name for name in top.inside if name not in found]
    if not training or (others and len(training) < 2):
        return {}
    # Vehicles may be called "train" beside "bus": then the others hold pictures, or the same. But
    # hardly one is called "test", too.
    alike = [name for name in others if not top.inside[name].is_flat]
    if others and len(alike) < len(others) and all(one.split == "train" for one in found.values()):
        return {}
    return found


def by_splits(entries: list[Entry], top: Node, deeper: Deeper = "") -> Reading | None:
    """``train/cat/1.jpg``: split folders of class folders.

    Args:
        entries: they lie below ``top``.
        deeper: for ``train/animal/cat/1.jpg``, whether the folders inside are the classes.
    """
    found = _splits(top)
    if not found:
        return None
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    unlabelled: Counter[str] = Counter()
    apart: Counter[str] = Counter()
    for entry in entries:
        parts = entry.parts
        folder = found.get(parts[0]) if len(parts) > 1 else None
        if folder is None:
            if len(parts) == 1:
                skipped.append(entry.skipped(_OUTSIDE))
            else:
                apart[parts[0]] += 1
                skipped.append(entry.skipped(f"“{parts[0]}” is none of the split folders."))
        elif not folder.depth or not folder.split:
            unlabelled[parts[0]] += 1
            skipped.append(entry.skipped("It lies in no class folder, so nothing says its class."))
        elif len(parts) <= folder.depth + 1 + bool(deeper):
            skipped.append(entry.skipped(_OUTSIDE))
        else:
            outer, inner = parts[folder.depth], parts[folder.depth + 1]
            label = {"": outer, "inner": inner, "joined": f"{outer} / {inner}"}[deeper]
            files.append(entry.found(label, folder.split))
    splits = [name for name, each in found.items() if each.depth and each.split]
    reason = f"{named(sorted(splits))} are splits, and the folders inside are classes."
    if len(splits) == 1:
        reason = f"“{splits[0]}” is for training, and the folders inside are classes."
    if unlabelled:
        reason += f" Images in {named(unlabelled)} have no labels and were left out."
    if apart:
        reason += f" {named(apart)} was left out."
    return Reading("splits", files, skipped, reason) if files else None


def doubt_beside(top: Node) -> str:
    """What is to be asked of folders beside split folders that hold the classes of those, and may
    be splits, too: ``gallery/cat`` beside ``train/cat``; "" where there are none."""
    found = _splits(top)
    classes = frozenset[str]().union(*(each.classes for each in found.values() if each.depth))
    alike = sorted(
        name
        for name, node in top.inside.items()
        if name not in found and not node.is_flat and {*map(clean_label, node.inside)} <= classes
    )
    if not alike:
        return ""
    hold = "holds" if len(alike) == 1 else "hold"
    return (
        f"{named(alike)} {hold} the same folders as those for training, and nothing says what "
        "for. Are they images of these classes, too?"
    )


def splits_are_nested(top: Node) -> bool:
    """Whether the classes in split folders hold two or more folders and no pictures, and so may be
    kinds of classes."""
    training = [
        top.inside[name]
        for name, each in _splits(top).items()
        if each.split == "train" and each.depth == 1
    ]
    return bool(training) and all(map(is_nested, training))


def is_clear(top: Node) -> bool:
    """Whether split folders are all there is, and their classes are the same."""
    found = _splits(top)
    training = frozenset[str]().union(
        *(each.classes for each in found.values() if each.split == "train")
    )
    held_out = [each for each in found.values() if each.depth and each.split not in ("", "train")]
    return set(top.inside) == set(found) and all(
        len(each.classes & training) >= _ALIKE * min(len(each.classes), len(training))
        for each in held_out
    )


def by_classes(entries: list[Entry], apart: Mapping[str, str] | None = None) -> Reading:
    """``cat/1.jpg``: class folders; what lies deeper belongs to the class above.

    Args:
        apart: folders that are left out, with the reason, from :func:`no_classes`.
    """
    apart = apart or {}
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for entry in entries:
        if len(entry.parts) == 1:
            skipped.append(entry.skipped(_OUTSIDE))
        elif entry.parts[0] in apart:
            skipped.append(entry.skipped(apart[entry.parts[0]]))
        else:
            files.append(entry.found(entry.parts[0]))
    reason = "Each folder is a class."
    if apart:
        reason += f" {named(sorted(apart))} {'was' if len(apart) == 1 else 'were'} left out."
    return Reading("classes", files, skipped, reason)


def no_classes(top: Node) -> dict[str, str]:
    """Folders beside class folders that are none, with the reason: of pictures that nobody has
    labelled, and second copies of the class folders."""
    found = {}
    for name, node in top.inside.items():
        others = set(top.inside) - {name}
        inside = set(node.inside)
        if node.is_flat and is_unlabelled(name) and len(others) > 1:
            found[name] = f"It lies in “{name}”, and nothing says its class."
        elif not node.is_flat and len(inside & others) > 1 and inside <= others:
            found[name] = f"It lies in “{name}”, a second copy of the class folders."
    return found if len(found) < len(top.inside) - 1 else {}


_PART = re.compile(r"(^|[\W_])(part|batch|chunk|images?|imgs?|photos)$")
# What folders of masks are called, in which each class of a picture is drawn.
_MASKS = re.compile(r"mask|annot|label|ground.?truth|^gt$|seg", re.IGNORECASE)


def are_masks(entries: list[Entry], top: Node) -> str:
    """The folder that holds masks of the pictures in another one; "" where there is none."""
    stems: dict[str, set[str]] = {name: set() for name in top.inside}
    for entry in entries:
        if len(entry.parts) > 1:
            stems[entry.parts[0]].add(entry.parts[-1].rpartition(".")[0])
    for name in top.inside:
        others = (stems[other] for other in top.inside if other != name and says_nothing(other))
        if _MASKS.search(name) and any(
            len(stems[name] & each) >= _MASKED * len(stems[name]) for each in others
        ):
            return name
    return ""


def by_inner(entries: list[Entry], *, joined: bool = False) -> Reading:
    """``outdoors/cat/1.jpg``: the inner folders are classes, or both names together (joined)."""
    files, skipped = [], []
    for entry in entries:
        if len(entry.parts) <= 2:
            skipped.append(entry.skipped(_OUTSIDE))
        elif joined:
            files.append(entry.found(" / ".join(entry.parts[:2])))
        else:
            files.append(entry.found(entry.parts[1]))
    if joined:
        return Reading("joined", files, skipped, "Each folder inside a folder is a class.")
    return Reading("inner", files, skipped, "The folders inside are the classes.")


def by_inner_splits(entries: list[Entry], top: Node) -> Reading | None:
    """``cat/train/1.jpg``: class folders of split folders."""
    if looks_like_splits(top):
        return None
    inside = [set(map(split_of, node.inside)) for node in top.inside.values()]
    whole = not any(node.is_flat for node in top.inside.values()) and "" not in set().union(*inside)
    # ``fold1/train/cat``: what lies in the split folders are the classes, then.
    whole &= all(each.is_flat for node in top.inside.values() for each in node.inside.values())
    if not inside or not whole or not any("train" in names for names in inside):
        return None
    files, skipped = [], []
    for entry in entries:
        if len(entry.parts) <= 2:
            skipped.append(entry.skipped(_OUTSIDE))
        else:
            files.append(entry.found(entry.parts[0], split_of(entry.parts[1])))
    reason = "Each folder is a class, and the folders inside are splits."
    return Reading("splits", files, skipped, reason) if files else None


def shares_inner(top: Node) -> bool:
    """Whether the folders in ``top`` hold the same folders, so that those may be the classes."""
    inner = [set(node.inside) for node in top.inside.values() if not node.is_flat]
    if len(inner) < 2 or len(inner) < len(top.inside):
        return False
    common = set.intersection(*inner)
    return len(common) >= 2 and len(common) >= _ALIKE * max(map(len, inner))


def is_nested(top: Node) -> bool:
    """Whether all folders in ``top`` hold two or more folders and no pictures."""
    return len(top.inside) > 1 and all(
        not node.direct and len(node.inside) > 1 for node in top.inside.values()
    )


def doubted(top: Node, entries: list[Entry]) -> tuple[str, list[Reading]]:
    """What class folders may be besides: splits, masks, or not the classes but what is around them.
    The doubt, and other readings that make as much sense; "" and none where they are clear.

    Args:
        top: what holds the class folders.
        entries: the pictures below it.
    """
    names = named(sorted(top.inside))
    if looks_like_splits(top):
        return (
            f"The folders are called {names}, which sounds like splits and not like classes, and "
            "no folders in them say what the classes are."
        ), []
    if mask := are_masks(entries, top):
        return (
            f"“{mask}” holds files of the same names as the folder beside it: masks of those "
            "pictures, it seems. Then these folders are no classes."
        ), []
    if not shares_inner(top) and not is_nested(top):
        return "", []
    inner = by_inner(entries)
    both = [inner, by_inner(entries, joined=True)]
    if not shares_inner(top):
        return "", both
    shared = sorted({file.label for file in inner.files})
    if all(map(tells, shared)):
        return "", [inner]
    return (
        f"The folders {names} hold folders of the same names, {named(shared)}: either may be the "
        "classes."
    ), both


def are_parts(top: Node) -> bool:
    """Whether the folders in ``top`` are the parts that something large came in, and no classes:
    ``images_001``, ``images_002``."""
    stems = {re.sub(r"[\W_]*\d+$", "", name).lower() for name in top.inside}
    return len(top.inside) > 1 and len(stems) == 1 and _PART.search(stems.pop()) is not None


def looks_like_splits(top: Node) -> bool:
    """Whether all folders in ``top`` are named like splits, so that they are hardly classes."""
    return bool(top.inside) and all(split_of(name) or is_unlabelled(name) for name in top.inside)
