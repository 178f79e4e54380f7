"""People's decisions about images, laid over the facts: an append-only log, folded when read.

Nothing here touches a file of the person's. A decision is one change with many paths; undo is one
more change that names the versions that no longer count, and can itself be undone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.catalog import Catalog, Change
from core.catalog.changes import DECISIONS
from core.datasets.layout import Skipped
from core.errors import InvalidInput, NotFound
from core.features.kept import Kept
from core.quality.alike import Alike
from core.quality.class_names import meant_class
from core.quality.facts import Classes, facts_of
from core.quality.index import read_index
from core.quality.same_part import Rows
from core.text import as_text
from core.who import author, require
from core.workspace import read_json

# What was found out, not decided: can't be undone, and is no news to a person.
FACTS = ("index", "copies", "suspects")
# What is said of an archive as a whole begins so.
_NO_LOSS = "It doesn't say how names"
_ABOUT_IMAGES = ("exclude", "restore", "keep", "relabel")


@dataclass(frozen=True)
class Decision:
    """One line of a dataset's history, for people to read.

    Attributes:
        version: the version that it made.
        images: how many images it is about.
        undone: whether a later change has taken it back.
    """

    version: int
    at: float
    author: str
    action: str
    what: str
    why: str
    images: int
    undone: bool


def curated(catalog: Catalog, dataset_id: str, version: int | None = None) -> pd.DataFrame:
    """The dataset as people want it, at ``version`` (default: now). A shared object, not to be
    changed.

    Returns:
        The index's columns but ``descriptor``, with ``label`` as decided, and ``label_found``
        (str, as the folder said), ``excluded`` (bool), ``kept`` (bool: said to be fine, never to be
        flagged again), and what :class:`core.quality.facts.Facts` has besides.

    Raises:
        NotFound: there is no such dataset, or it has no index yet.
    """
    return _curated(catalog, dataset_id, version)[0]


def descriptors(catalog: Catalog, dataset_id: str, version: int) -> pd.Series:
    """What the scan kept to compare pictures by (:mod:`core.quality.descriptor`), of each row of
    :func:`curated`.

    Raises:
        NotFound: as for :func:`curated`.
    """
    index = _scan(catalog, dataset_id, in_force(catalog.changes.of(dataset_id, up_to=version)))
    return read_index(catalog.workspace, dataset_id, index.payload["file"])["descriptor"]


def usable(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that can be trained on: readable and not excluded; the table itself, uncopied, where
    that is all of them."""
    wanted = is_usable(table)
    return table if wanted.all() else table[wanted]


def is_usable(table: pd.DataFrame) -> pd.Series:
    """Whether each row can be trained on."""
    return (table["status"] == "ok") & ~table["excluded"]


def known_alike(catalog: Catalog, dataset_id: str, version: int | None = None) -> Alike:
    """The near-duplicates among the rows of :func:`curated`. A shared object.

    Raises:
        NotFound: as for :func:`curated`.
    """
    return _curated(catalog, dataset_id, version)[1]


# Versions that differ by decisions share most of their columns.
_made: Kept[tuple[pd.DataFrame, Alike]] = Kept(8)


def _curated(catalog: Catalog, dataset_id: str, version: int | None) -> tuple[pd.DataFrame, Alike]:
    if version is None:
        version = catalog.datasets.get(dataset_id).version
    asked = catalog, dataset_id, version
    return _made.get(_key(*asked), None, lambda: _one_more(*asked) or _make(*asked))


def _key(catalog: Catalog, dataset_id: str, version: int) -> tuple[str, str, str, int]:
    return str(catalog.workspace.home), str(catalog.engine.url), dataset_id, version


def _one_more(catalog: Catalog, dataset_id: str, version: int) -> tuple[pd.DataFrame, Alike] | None:
    """The version before, if it is at hand, and one decision more that leaves classes and facts as
    they are; ``None`` otherwise."""
    before = _made.peek(_key(catalog, dataset_id, version - 1))
    if before is None:
        return None
    change = catalog.changes.of(dataset_id, up_to=version)[-1]
    if change.version != version or change.action not in ("exclude", "restore", "keep"):
        return None
    table, known = before[0].copy(deep=False), before[1]
    at = Rows(table["path"]).find(change.payload["paths"], any_page=False)
    column = "kept" if change.action == "keep" else "excluded"
    values = table[column].to_numpy().copy()
    values[at] = change.action != "restore"
    table[column] = values
    return table, known


def _make(catalog: Catalog, dataset_id: str, version: int) -> tuple[pd.DataFrame, Alike]:
    changes = in_force(catalog.changes.of(dataset_id, up_to=version))
    index = _scan(catalog, dataset_id, changes)
    copies, suspects = _last(changes, "copies"), _last(changes, "suspects")
    facts = facts_of(
        catalog.workspace,
        dataset_id,
        index.payload["file"],
        copies.payload["file"] if copies else None,
        suspects.payload["file"] if suspects else None,
    )
    rows = Rows(facts.table["path"])
    excluded = np.zeros(len(facts.table), bool)
    kept = np.zeros(len(facts.table), bool)
    labels: Classes | None = None
    for change in changes:
        if "paths" not in change.payload:
            continue
        at = rows.find(change.payload["paths"], any_page=change.action == "relabel")
        if change.action in ("exclude", "restore"):
            excluded[at] = change.action == "exclude"
        elif change.action == "keep":
            kept[at] = True
        elif change.action == "relabel":
            labels = labels or Classes(facts.table["label"])
            labels.put(at, change.payload["label"])
    table = facts.under(labels.column() if labels else facts.table["label"])
    table["excluded"] = excluded
    table["kept"] = kept
    return table, facts.known


def in_force(changes: Sequence[Change]) -> list[Change]:
    """The changes that still count, oldest first: those that no undo in force has taken back."""
    return [change for change in _standing(changes) if change.action != "undo"]


def _standing(changes: Sequence[Change]) -> list[Change]:
    """The changes that still count, undos included, oldest first."""
    gone: set[int] = set()
    left = []
    for change in reversed(changes):
        if change.version in gone:
            continue
        if change.action == "undo":
            gone.update(change.payload["versions"])
        left.append(change)
    return left[::-1]


def skipped(catalog: Catalog, dataset_id: str) -> list[Skipped]:
    """Files that the last scan left out."""
    index = _last(catalog.changes.of(dataset_id), "index")
    if index is None:
        return []
    file = catalog.workspace.dataset(dataset_id) / index.payload["skipped"]
    with contextlib.suppress(NotFound):
        return [Skipped(*each) for each in read_json(file)]
    return []


def lost(skipped: Sequence[Skipped]) -> list[Skipped]:
    """Those that are files; what an archive doesn't say of its names is none that was left out."""
    return [each for each in skipped if not each.why.startswith(_NO_LOSS)]


def remarks(skipped: Sequence[Skipped]) -> list[str]:
    """The others, a sentence each."""
    return [f"{path}: {why}" for path, why in skipped if why.startswith(_NO_LOSS)]


def left_out(catalog: Catalog, dataset_id: str, table: pd.DataFrame) -> list[Skipped]:
    """All files that don't count: those that are no images, those that can't be read, and those
    that people left out.

    Args:
        table: from :func:`curated`.
    """
    broken = table[table["status"] != "ok"]
    excluded = table[table["excluded"] & (table["status"] == "ok")]
    return [
        *lost(skipped(catalog, dataset_id)),
        *map(Skipped, broken["path"], broken["problem"]),
        *(Skipped(path, "You left it out, on Clean.") for path in excluded["path"]),
    ]


def decide(
    catalog: Catalog,
    dataset_id: str,
    action: str,
    paths: Iterable[str],
    *,
    why: str = "",
    label: str | None = None,
) -> Change | None:
    """Log one decision about images; ``None`` when no path was given.

    Args:
        action: ``exclude``, ``restore``, ``keep`` or ``relabel`` (with ``label``).
        paths: as in the index.
        why: in the person's words, or which finding it came from.

    Raises:
        InvalidInput: a path that is not in the dataset, or a label that no class can have.
        ValueError: there is no such action.
    """
    require("labeller")
    if action not in _ABOUT_IMAGES:
        raise ValueError(f"action is {action!r}, not one of {', '.join(_ABOUT_IMAGES)}")
    wanted = list(dict.fromkeys(paths))
    if not wanted:
        return None
    table = curated(catalog, dataset_id)
    named = table["path"].isin(wanted)
    known = set(table.loc[named, "path"])
    unknown = [path for path in wanted if path not in known]
    if unknown:
        raise InvalidInput(
            "There is no such image in this dataset.", file=unknown[0], remedy="Scan it again."
        )
    payload: dict[str, object] = {"paths": wanted}
    if action == "relabel":
        classes = {*table["label"].unique(), *table["label_found"].unique()}
        staying = table.loc[~named, "label"].unique()
        payload["label"] = meant_class(label or "", classes, staying)
    change = catalog.changes.append(dataset_id, action, payload, author=author(), why=as_text(why))
    _count(catalog, dataset_id)
    return change


def undo(catalog: Catalog, dataset_id: str, versions: Iterable[int]) -> Change | None:
    """Take decisions back, or take an undo back; scans can't be, and what is undone already is
    passed over.

    Raises:
        InvalidInput: a version that is not a decision of this dataset.
    """
    require("labeller")
    wanted = sorted(set(versions))
    changes = {change.version: change for change in catalog.changes.of(dataset_id)}
    for version in wanted:
        if version not in changes or changes[version].action in FACTS:
            raise InvalidInput(
                f"Change {version} is not a decision that can be undone.",
                remedy="Look at the history for those that can.",
            )
    standing = {change.version for change in _standing(list(changes.values()))}
    wanted = [version for version in wanted if version in standing]
    if not wanted:
        return None
    change = catalog.changes.append(dataset_id, "undo", {"versions": wanted}, author=author())
    _count(catalog, dataset_id)
    return change


def history(catalog: Catalog, dataset_id: str) -> list[Decision]:
    """Everything that was decided about a dataset, newest first."""
    changes = catalog.changes.of(dataset_id)
    standing = {change.version for change in _standing(changes)}
    lines = []
    for change in reversed(changes):
        images = len(change.payload.get("paths", ())) or int(change.payload.get("images", 0))
        what = DECISIONS.get(change.action, change.action)
        if change.action == "relabel":
            what = f"Moved to “{change.payload['label']}”"
        if change.action == "undo":
            images = len(change.payload["versions"])
        lines.append(
            Decision(
                change.version,
                change.at,
                change.author,
                change.action,
                what,
                change.why,
                images,
                change.version not in standing,
            )
        )
    return lines


def count_again(catalog: Catalog, dataset_id: str) -> int:
    """After a scan: the dataset is ready, and its counts are right; returns its version."""
    version = _count(catalog, dataset_id)
    catalog.datasets.set(dataset_id, state="ready", problem="")
    return version


def _count(catalog: Catalog, dataset_id: str) -> int:
    """Bring the counts that lists show up to date; returns the version that they are of."""
    while True:
        version = catalog.datasets.get(dataset_id).version
        try:
            table = curated(catalog, dataset_id, version)
        except NotFound:
            return version  # classes made by hand, which have no image yet
        good = usable(table[["label", "status", "excluded"]])["label"]
        catalog.datasets.set(dataset_id, images=len(good), classes=int(good.nunique()))
        # Somebody may have decided meanwhile, and counted before us: then ours are old.
        if catalog.datasets.get(dataset_id).version == version:
            return version


def _last(changes: Sequence[Change], action: str) -> Change | None:
    return next((change for change in reversed(changes) if change.action == action), None)


def _scan(catalog: Catalog, dataset_id: str, changes: Sequence[Change]) -> Change:
    index = _last(changes, "index")
    if index is None:
        record = catalog.datasets.get(dataset_id)
        # Whose process was killed goes on being imported by name, though nobody does it.
        wait = "Wait for its import; if none is running, scan it."
        raise NotFound(
            "This dataset has not been scanned yet.",
            remedy=record.problem if record.state == "failed" else wait,
        )
    return index
