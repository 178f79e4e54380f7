"""Trainings of a search that fall behind are stopped early, by Ray Tune's successive halving."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.datasets.intake import add_folder
from core.jobs.cluster.halving import Halving
from core.quality.scan import scan
from core.training import search
from tests.core.training.small import spec_of

pytest.importorskip("ray", reason="Ray is not installed: requirements-ray.txt")


def tell(catalog: Catalog, run: RunRecord, epoch: int, accuracy: float) -> None:
    """As a training tells of its epoch."""
    job = catalog.jobs.get(run.job_id)
    if job.state == "queued":
        catalog.jobs.claim("train", pid=os.getpid(), host="h", machine="ray-1", job_id=job.id)
    payload = {"epoch": epoch, "epochs": 9, "val_accuracy": accuracy}
    assert catalog.jobs.append_event(job.id, "epoch", payload)


@pytest.mark.parametrize("epochs", [9, 3])
def test_what_is_behind_at_a_ninth_or_a_third_of_the_way_is_stopped(
    catalog: Catalog, class_folders: Callable[..., Path], epochs: int
) -> None:
    dataset = add_folder(catalog, class_folders({"cat": 12, "dog": 12}), "pets", restrict=False)
    scan(catalog, dataset.id)
    spec = spec_of(catalog.datasets.get(dataset.id)).with_values({"epochs": epochs})
    best, good, bad, late = runs = search.start_search(catalog, spec, {"seed": [1, 2, 3, 4]})
    following = Halving(catalog)

    def stopped() -> list[RunRecord]:
        following.look()
        asked = [run for run in runs if catalog.jobs.get(run.job_id).wishes.stop == "keep"]
        Halving(catalog).look()  # another one that begins to follow then finds nothing to do
        return asked

    for run, accuracy in ((good, 0.8), (bad, 0.5), (best, 0.9)):
        tell(catalog, run, 1, accuracy)
    assert stopped() == ([bad] if epochs == 9 else [])
    for epoch in (2, 3):
        tell(catalog, best, epoch, 0.95)
        tell(catalog, good, epoch, 0.9)
        tell(catalog, bad, epoch, 0.99)  # what it says before it hears of it counts no more
    assert stopped() == ([good, bad] if epochs == 9 else [])
    tell(catalog, late, 1, 0.82)
    assert stopped() == ([good, bad, late] if epochs == 9 else [])
    notes = [catalog.jobs.events(run.job_id, kinds=("note",)) for run in runs]
    assert [len(each) for each in notes] == ([0, 1, 1, 1] if epochs == 9 else [0] * 4)
    if epochs == 9:
        assert "after epoch 3 of 9" in notes[1][0].payload["text"]
