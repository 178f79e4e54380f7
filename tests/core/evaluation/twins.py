"""A second run beside one of :mod:`tests.core.evaluation.coloured`, on the same images."""

from __future__ import annotations

import shutil
from typing import Any

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from tests.core.evaluation.coloured import save_model


def second_run(
    catalog: Catalog,
    run: RunRecord,
    name: str = "second",
    *,
    classes: list[str] | None = None,
    labels: dict[str, str] | None = None,
    spec: dict[str, Any] | None = None,
    dataset_version: int | None = None,
) -> RunRecord:
    """Another run on the same dataset and split, done and tested.

    Args:
        classes: what its model calls blue, green and red; others than these names make it wrong.
        labels: path → the label that it has in this run.
        dataset_version: of the dataset, as this run had it.
    """
    job = catalog.jobs.add("train", {}, lane="train", subject=run.dataset_id)
    catalog.jobs.finish(job.id, "done")
    made = catalog.runs.add(
        name,
        dataset_id=run.dataset_id,
        dataset_version=dataset_version or run.dataset_version,
        spec=spec or run.spec,
        job_id=job.id,
    )
    folder = catalog.workspace.run(made.id)
    shutil.copytree(catalog.workspace.run(run.id), folder)
    if classes:
        save_model(folder, classes=classes)
    if labels:
        table = pd.read_parquet(folder / "split.parquet")
        given = table["path"].map(labels)
        table["label"] = given.where(given.notna(), table["label"])
        table.to_parquet(folder / "split.parquet", index=False)
    evaluate_run(catalog, made.id)
    return catalog.runs.get(made.id)


def finished(catalog: Catalog, run: RunRecord) -> RunRecord:
    """The first run, done and tested too."""
    catalog.jobs.finish(run.job_id, "done")
    evaluate_run(catalog, run.id)
    return catalog.runs.get(run.id)
