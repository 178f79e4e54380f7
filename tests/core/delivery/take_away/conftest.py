"""A tested run on three colours, whose model can be worked out by hand; no training."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from core.catalog import Catalog, RunRecord
from core.catalog.models import RunRow
from core.evaluation.evaluate import evaluate_run
from core.workspace import write_json
from tests.core.delivery.take_away.making import spec_of
from tests.core.evaluation.coloured import CLASSES, SIZE, make_run


def finished_run(catalog: Catalog, root: Path, name: str = "A <b>run</b> & *more*") -> RunRecord:
    """Right on 28 of 30 test images; green is taken for red twice."""
    right = [(label, label) for label in CLASSES]
    run = make_run(
        catalog,
        root,
        {
            "train": right * 8,
            "validation": right * 8,
            "test": right * 9 + [("green", "red"), ("green", "red"), ("red", "red")],
        },
        name,
    )
    spec = spec_of(image_size=SIZE).model_copy(update={"dataset_id": run.dataset_id})
    with catalog.engine.begin() as connection:
        connection.execute(
            update(RunRow).where(RunRow.id == run.id).values(spec=spec.model_dump(mode="json"))
        )
    write_json(
        catalog.workspace.run(run.id) / "history.json",
        [
            {
                "epoch": n,
                "part": "",
                "loss": 1 / n,
                "accuracy": 0.5 + n / 10,
                "val_loss": 1.1 / n,
                "val_accuracy": 0.5 + n / 12,
                "learning_rate": 0.01,
            }
            for n in (1, 2, 3)
        ],
    )
    catalog.jobs.finish(run.job_id, "done")
    evaluate_run(catalog, run.id)
    return catalog.runs.get(run.id)


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    return finished_run(catalog, tmp_path / "colours")
