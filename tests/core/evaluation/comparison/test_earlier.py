"""Of the newest model it is said when another one was right more often on the same photos."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.evaluation.comparison.earlier import better_other
from core.evaluation.evaluate import evaluate_run
from core.runs.files import RunFiles
from tests.core.evaluation.coloured import CLASSES, make_run


def worse_copy(catalog: Catalog, run: RunRecord, wrong: int) -> RunRecord:
    """A newer run on the same images, wrong on so many more of them."""
    job = catalog.jobs.hold("train", {}, lane="train", subject=run.dataset_id)
    made = catalog.runs.add(
        f"{run.name} {wrong}", dataset_id=run.dataset_id, dataset_version=1, spec={}, job_id=job.id
    )
    folder = catalog.workspace.run(made.id)
    shutil.copytree(catalog.workspace.run(run.id), folder, dirs_exist_ok=True)
    catalog.jobs.finish(job.id, "done")
    evaluate_run(catalog, made.id)
    file = RunFiles(catalog.workspace, made.id).test().predictions
    table = pd.read_parquet(file)
    for row in table.index[:wrong]:
        label = table.loc[row, "label"]
        table.loc[row, "predicted"] = next(each for each in CLASSES if each != label)
    table.to_parquet(file)
    summary = catalog.runs.get(made.id).summary
    accuracy = float((table["predicted"] == table["label"]).mean())
    catalog.runs.summarise(made.id, summary.model_copy(update={"test_accuracy": accuracy}))
    return catalog.runs.get(made.id)


def test_a_newer_model_that_is_worse_names_the_better_one(catalog: Catalog, tmp_path: Path) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": right * 6})
    catalog.jobs.finish(run.job_id, "done")
    evaluate_run(catalog, run.id)
    assert better_other(catalog, catalog.runs.get(run.id)) is None
    little, much = worse_copy(catalog, run, 2), worse_copy(catalog, run, 8)
    found = better_other(catalog, little)
    assert found is not None
    assert found.run.id == run.id
    assert found.sentence == (
        "“colours” was right on 2 more of the same 18 photos; that may be chance."
    )
    found = better_other(catalog, much)
    assert found is not None
    assert found.sentence == "“colours” was right on 8 more of the same 18 photos."
    assert better_other(catalog, catalog.runs.get(run.id)) is None
