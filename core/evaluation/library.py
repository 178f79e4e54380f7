"""All runs as a library: what there is, found by words and filters, what it takes on disk, and the
bin, whose runs are removed for good a week after they were put there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.catalog import Catalog, RunRecord
from core.evaluation.figures.verdict import FEW
from core.training import architectures
from core.training.recipes import RECIPES
from core.workspace import Workspace

KEPT_S = 7 * 24 * 3600
"""How long a run stays in the bin before it is removed for good, seconds."""

Sort = Literal["newest", "oldest", "accuracy", "name", "size"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "accuracy", "name", "size")


REMOVED = "(removed)"


@dataclass(frozen=True)
class Entry:
    """One run in the library.

    Attributes:
        dataset: name of its dataset; "" if that was removed.
        recipe, architecture: as people call them.
        accuracy, low, high: of its test, with the 95 % interval; ``None`` before.
        images: that it was tested on.
        disk: bytes that its folder takes.
    """

    run: RunRecord
    dataset: str
    recipe: str
    architecture: str
    accuracy: float | None
    low: float | None
    high: float | None
    images: int
    disk: int

    @property
    def of(self) -> str:
        """Its dataset in words, where there is none, too."""
        return self.dataset or (REMOVED if self.run.dataset_id else "–")

    def as_json(self) -> dict[str, Any]:
        run = self.run
        return {
            "id": run.id,
            "name": run.name,
            "dataset": self.dataset,
            "dataset_id": run.dataset_id,
            "dataset_version": run.dataset_version,
            "recipe": self.recipe,
            "architecture": self.architecture,
            "state": run.state,
            "error": run.error,
            "test_accuracy": self.accuracy,
            "test_interval": None if self.accuracy is None else [self.low, self.high],
            "test_images": self.images,
            "disk_bytes": self.disk,
            "created_at": run.created_at,
            **as_kept(run),
            "job_id": run.job_id,
            "spec": run.spec,
            "summary": run.summary.as_json(),
        }


def as_kept(run: RunRecord) -> dict[str, Any]:
    """What people have decided about a run, as plain values."""
    return {
        "starred": run.starred,
        "archived": run.archived,
        "tags": list(run.tags),
        "notes": run.notes,
        "deleted_at": run.deleted_at,
    }


def thin_test(run: RunRecord) -> str:
    """Why a share of so few test images says nothing, in three or four words; "" where it may.

    Of runs that were tested before it was counted nobody knows whether a class has none.
    """
    summary = run.summary
    if summary.test_accuracy is None:
        return ""
    if summary.test_images < FEW:
        return "too few test photos"
    return "a class has no test photos" if summary.test_fewest == 0 else ""


def entries(catalog: Catalog, *, deleted: bool = False) -> list[Entry]:
    """All runs, archived ones too, newest first; or those in the bin."""
    datasets = {record.id: record.name for record in catalog.datasets.all()}
    return [
        _entry(catalog.workspace, run, datasets.get(run.dataset_id, ""))
        for run in catalog.runs.all(archived=True, deleted=deleted)
    ]


def _entry(workspace: Workspace, run: RunRecord, dataset: str) -> Entry:
    recipe, architecture = str(run.spec.get("recipe", "")), str(run.spec.get("architecture", ""))
    return Entry(
        run=run,
        dataset=dataset,
        recipe=RECIPES[recipe].title if recipe in RECIPES else recipe,
        architecture=architectures.in_words(run.summary.networks or (architecture,)),
        accuracy=run.summary.test_accuracy,
        low=run.summary.test_low,
        high=run.summary.test_high,
        images=run.summary.test_images,
        disk=workspace.bytes_of(f"runs/{run.id}"),
    )


@dataclass(frozen=True)
class Query:
    """Which runs are asked for, and in which order.

    Attributes:
        words: all of them are in its name, dataset, recipe, architecture, tags or notes.
        dataset, recipe, tag: names, whatever their case.
        archived: ``True`` for archived ones only, ``None`` for all.
        sort: the best, the largest or the first of the alphabet first, for these.
    """

    words: str = ""
    dataset: str | None = None
    recipe: str | None = None
    state: str | None = None
    tag: str | None = None
    starred: bool = False
    archived: bool | None = False
    sort: Sort = "newest"


def search(found: Iterable[Entry], query: Query) -> list[Entry]:
    """Those that are asked for, in order."""
    wanted = query.words.casefold().split()

    def same(one: str | None, other: str) -> bool:
        return one is None or one.casefold() == other.casefold()

    chosen = [
        each
        for each in found
        if all(word in _text(each) for word in wanted)
        and same(query.dataset, each.dataset)
        and (
            same(query.recipe, each.recipe)
            or same(query.recipe, str(each.run.spec.get("recipe", "")))
        )
        and same(query.state, each.run.state)
        and (query.tag is None or any(same(query.tag, mine) for mine in each.run.tags))
        and (not query.starred or each.run.starred)
        and (query.archived is None or query.archived == each.run.archived)
    ]
    orders: dict[Sort, Any] = {
        "newest": lambda each: -each.run.created_at,
        "oldest": lambda each: each.run.created_at,
        "accuracy": lambda each: -1.0 if each.accuracy is None else -1.0 - each.accuracy,
        "name": lambda each: each.run.name.casefold(),
        "size": lambda each: -each.disk,
    }
    return sorted(chosen, key=orders[query.sort])


def _text(entry: Entry) -> str:
    run = entry.run
    parts = (run.name, entry.dataset, entry.recipe, entry.architecture, *run.tags, run.notes)
    return "\n".join(parts).casefold()


def starting_from(catalog: Catalog, run: RunRecord) -> list[RunRecord]:
    """The other runs whose training started from this one's weights; not those in the bin."""
    names = {f"run:{run.id}", f"run:{run.name}"}
    return [
        other
        for other in catalog.runs.all(archived=True)
        if other.id != run.id and other.spec.get("weights") in names
    ]


def empty_bin(
    catalog: Catalog, *, older_than_s: float = 0.0, only: Sequence[str] | None = None
) -> list[RunRecord]:
    """Remove runs in the bin for good, with their files; returns which.

    Args:
        older_than_s: only those that have lain there for so many seconds.
        only: only those with these ids.
    """
    gone = []
    for run in catalog.runs.all(deleted=True):
        if run.deleted_at is None or time.time() - run.deleted_at < older_than_s:
            continue
        if only is not None and run.id not in only:
            continue
        # The row first: whoever restores it in this moment keeps the files.
        if catalog.runs.forget(run.id):
            catalog.workspace.forget(f"runs/{run.id}")
            gone.append(run)
    return gone
