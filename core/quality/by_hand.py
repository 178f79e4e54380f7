"""Classes that people make and change by hand: named, photographed, renamed, removed.

A class may be there before it has a photo, so the log says of which classes somebody spoke
(``class``): each such change names a class that was added, renamed or removed, and like every
decision it can be undone. What is removed is left out, never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.catalog import Catalog, Change, DatasetRecord
from core.catalog.datasets import tidy
from core.datasets import intake
from core.errors import NotFound
from core.quality import curation
from core.quality.class_names import new_class, no_class
from core.quality.curation import curated, in_force, is_usable
from core.quality.index import make_index
from core.text import images, numbered
from core.who import acting, author

NAME = "My photos"
BLANK = ("Class 1", "Class 2")


@dataclass(frozen=True)
class ClassByHand:
    """A class as its card shows it.

    Attributes:
        images: how many of its images can be trained on.
        paths: all of those, as in the index.
    """

    label: str
    images: int
    paths: tuple[str, ...]


def start(
    catalog: Catalog, name: str | None = None, classes: Sequence[str] = BLANK
) -> DatasetRecord:
    """A dataset without images yet, for classes made by hand.

    Raises:
        InvalidInput, Conflict: the dataset or a class can't be called so.
    """
    record = intake.start_by_hand(catalog, name or catalog.datasets.free_name(NAME))
    for label in classes:
        add_class(catalog, record.id, label)
    return catalog.datasets.get(record.id)


def blank(catalog: Catalog) -> DatasetRecord | None:
    """The newest dataset that whoever acts has begun by hand and of which nothing was made yet, if
    there is one."""
    begun = (each for each in catalog.datasets.all() if is_own_blank(catalog, each))
    return next(begun, None)


def is_own_blank(catalog: Catalog, record: DatasetRecord) -> bool:
    """Whether whoever acts has begun it, and nothing was made of it yet: with somebody else's,
    they may be about to."""
    owner, _ = catalog.visibility.of("dataset", record.id)
    return owner == acting().name and is_blank(catalog, record)


def is_blank(catalog: Catalog, record: DatasetRecord) -> bool:
    """Whether a dataset has its blank classes still, and nothing in them."""
    if record.origin != "studio" or record.images:
        return False
    return [each.label for each in classes_of(catalog, record.id)] == list(BLANK)


def classes_of(catalog: Catalog, dataset_id: str) -> list[ClassByHand]:
    """All classes: first those made by hand, as they were made, then the others by name; one that
    was renamed keeps its place.

    Raises:
        NotFound: there is no such dataset.
    """
    record = catalog.datasets.get(dataset_id)
    table = _table(catalog, record)
    made, removed, was = _spoken_of(catalog.changes.of(dataset_id, up_to=record.version))
    good = table[is_usable(table)] if len(table) else table
    # Of Python's strings, each of which Arrow would make anew.
    rows = good["path"].astype(object).groupby(good["label"].astype(object))
    paths = {str(label): tuple(mine) for label, mine in rows}
    present = set(table["label"].unique())
    # One whose images have all been moved elsewhere, on whatever page, has no card any more.
    gone = set(table["label_found"].unique()) - present
    labels = [label for label in made if label not in gone or label in paths]
    others = {label for label in present if label not in removed or label in paths} - set(labels)
    labels += sorted(others, key=lambda label: numbered(str(was.get(label, label))))
    return [ClassByHand(each, len(paths.get(each, ())), paths.get(each, ())) for each in labels]


def add_class(catalog: Catalog, dataset_id: str, label: str | None = None) -> Change:
    """Add a class without images.

    Args:
        label: its name; the first of ``Class 1``, ``Class 2`` … that is free where nobody says.

    Raises:
        InvalidInput: it can't be called so, or there is one of that name.
        NotFound: there is no such dataset.
    """
    taken = [each.label for each in classes_of(catalog, dataset_id)]
    if label is None:
        numbers = (f"Class {number}" for number in range(len(taken) + 1, len(taken) + 1000))
        label = next(each for each in numbers if each not in taken)
    wanted = new_class(label, taken)
    return _say(catalog, dataset_id, {"label": wanted}, f"“{wanted}” added")


def rename_class(catalog: Catalog, dataset_id: str, label: str, name: str) -> list[int]:
    """Give a class another name.

    Returns:
        Versions to undo; none if it is called so already.

    Raises:
        NotFound: there is no such class.
        InvalidInput: it can't be called so, or there is another one of that name.
    """
    _find(catalog, dataset_id, label)
    if tidy(name) == label:
        return []
    others = [each.label for each in classes_of(catalog, dataset_id) if each.label != label]
    merge = "or merge the two: under Data, or with “relabel” on the command line"
    wanted = new_class(name, others, f"Choose another name, {merge}.")
    why = f"“{label}” renamed to “{wanted}”"
    versions = []
    table = _table(catalog, catalog.datasets.get(dataset_id))
    moving = list(table.loc[table["label"] == label, "path"])
    change = curation.decide(catalog, dataset_id, "relabel", moving, why=why, label=wanted)
    if change is not None:
        versions.append(change.version)
    versions.append(_say(catalog, dataset_id, {"label": wanted, "was": label}, why).version)
    return versions


def remove_class(catalog: Catalog, dataset_id: str, label: str) -> list[int]:
    """Take a class and its images out of the dataset; nothing is deleted.

    Returns:
        Versions to undo.

    Raises:
        NotFound: there is no such class.
    """
    found = _find(catalog, dataset_id, label)
    why = f"“{label}” removed, with {images(found.images)}"
    change = curation.decide(catalog, dataset_id, "exclude", found.paths, why=why)
    versions = [] if change is None else [change.version]
    return [*versions, _say(catalog, dataset_id, {"label": label, "removed": True}, why).version]


def _find(catalog: Catalog, dataset_id: str, label: str) -> ClassByHand:
    classes = classes_of(catalog, dataset_id)
    for each in classes:
        if each.label == label:
            return each
    raise no_class(label, [each.label for each in classes])


def _say(catalog: Catalog, dataset_id: str, payload: dict[str, object], why: str) -> Change:
    return catalog.changes.append(dataset_id, "class", payload, author=author(), why=why)


def _spoken_of(changes: Sequence[Change]) -> tuple[list[str], set[str], dict[str, str]]:
    """Classes that were made by hand, in their order; those that were removed; and of others that
    were renamed, what they were called at first."""
    made: list[str] = []
    removed: set[str] = set()
    was: dict[str, str] = {}
    for change in in_force(changes):
        if change.action != "class":
            continue
        label = change.payload["label"]
        if change.payload.get("removed"):
            made = [each for each in made if each != label]
            removed.add(label)
        elif "was" in change.payload:
            before = change.payload["was"]
            if before in made:
                made = [label if each == before else each for each in made]
            else:
                was[label] = was.pop(before, before)
        elif label not in made:
            made.append(label)
            removed.discard(label)
    return made, removed, was


def _table(catalog: Catalog, record: DatasetRecord) -> pd.DataFrame:
    """The curated table; an empty one before the first scan."""
    try:
        return curated(catalog, record.id, record.version)
    except NotFound:
        nothing = make_index([])
        return nothing.assign(label_found=nothing["label"], excluded=nothing["wrong_suffix"])
