"""Removing a dataset, bringing it back, and ending it.

One that was removed lies in the bin for a month: its row says so, and its files lie aside
(``removed/<id>``), where nothing that looks for a dataset's files finds them; where files lie in a
store, they stay where they are.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from core.catalog import Catalog, DatasetRecord, RunRecord
from core.catalog.records import ACTIVE, FINISHED
from core.errors import NotAllowed
from core.who import require
from core.workspace import Workspace, disk_use

KEPT_S = 30 * 24 * 3600
"""How long a removed dataset can be brought back, seconds."""


def trainings_on(catalog: Catalog, dataset_id: str) -> list[RunRecord]:
    """Trainings on a dataset that wait or run: those that end when it is removed."""
    runs = catalog.runs.all(dataset_id, archived=True)
    return [run for run in runs if run.state not in FINISHED]


def kept_until(record: DatasetRecord) -> float:
    """When a dataset in the bin is removed for good, in seconds since 1970."""
    return (record.deleted_at or 0.0) + KEPT_S


def remove(catalog: Catalog, dataset_id: str) -> list[RunRecord]:
    """Put a dataset into the bin; what is being done with it ends. A person's own folder stays.

    What has lain there for :data:`KEPT_S` is removed for good.

    Returns:
        The trainings on it, which are stopped: nothing of them is kept.

    Raises:
        NotFound: there is no such dataset.
        NotAllowed: whoever acts may not remove it, or may not stop its trainings.
    """
    require("labeller")
    stopped = trainings_on(catalog, dataset_id)
    for run in stopped:
        catalog.jobs.request_cancel(run.job_id, discard=True)
    catalog.datasets.remove(dataset_id)
    for job in catalog.jobs.all(states=ACTIVE, subject=dataset_id):
        # One that whoever acts may not stop ends by itself: there is no such dataset.
        with suppress(NotAllowed):
            catalog.jobs.request_cancel(job.id, discard=True)
    workspace = catalog.workspace
    if workspace.keeper is None:
        _move(workspace.dataset(dataset_id), workspace.removed(dataset_id))
    _forget_cached(workspace, dataset_id)
    empty_bin(catalog, older_than_s=KEPT_S)
    return stopped


def restore(catalog: Catalog, dataset_id: str) -> DatasetRecord:
    """Take a dataset out of the bin, as it was; under another name if its own is taken by now.

    Raises:
        NotFound: it isn't in the bin (any more).
        NotAllowed: whoever acts may not.
    """
    record = catalog.datasets.restore(dataset_id)
    workspace = catalog.workspace
    if workspace.removed(dataset_id).exists():
        # What a job wrote that had not heard yet.
        shutil.rmtree(workspace.dataset(dataset_id), ignore_errors=True)
        _move(workspace.removed(dataset_id), workspace.dataset(dataset_id))
    return record


def empty_bin(
    catalog: Catalog, *, older_than_s: float = 0.0, only: str | None = None
) -> list[DatasetRecord]:
    """Remove datasets in the bin for good, with their files; returns which.

    Args:
        older_than_s: only those that have lain there for so many seconds.
        only: only the one with this id.
    """
    gone = []
    for record in catalog.datasets.all(deleted=True):
        if only not in (None, record.id) or time.time() - (record.deleted_at or 0) < older_than_s:
            continue
        # The row first: whoever restores it in this moment keeps the files.
        if catalog.datasets.forget(record.id):
            _erase(catalog.workspace, record.id)
            gone.append(record)
    return gone


def forget(catalog: Catalog, dataset_id: str) -> None:
    """End a dataset that is of no use to anybody, without a way back: a blank one, or one whose
    import came to nothing before anybody saw it.

    Raises:
        NotFound, NotAllowed: as for :func:`remove`.
    """
    remove(catalog, dataset_id)
    empty_bin(catalog, only=dataset_id)


def takes(workspace: Workspace, dataset_id: str) -> int:
    """What a dataset in the bin takes, in bytes."""
    kept = sum(workspace.bytes_of(f"{kind}/{dataset_id}") for kind in ("datasets", "originals"))
    return kept + disk_use(workspace.removed(dataset_id))


def _erase(workspace: Workspace, dataset_id: str) -> None:
    shutil.rmtree(workspace.removed(dataset_id), ignore_errors=True)
    for kind in ("originals", "datasets"):
        workspace.forget(f"{kind}/{dataset_id}")
    _forget_cached(workspace, dataset_id)


def _forget_cached(workspace: Workspace, dataset_id: str) -> None:
    for kind in ("pixels", "tables"):
        shutil.rmtree(workspace.cache / kind / dataset_id, ignore_errors=True)


def _move(folder: Path, place: Path) -> None:
    """Move a dataset's folder, if there is one. One that can't be moved stays where it is, which
    is as good: Windows moves none in which a file is open."""
    with suppress(OSError):
        if folder.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(place)
