"""What a run may have seen before it began is known, or said not to be."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from core.evaluation.figures.compute import compute_figures
from core.runs.earlier import learned_before, why_not_new
from core.runs.files import RunFiles
from tests.core.evaluation.coloured import make_run, save_model

RIGHT = [(colour, colour) for colour in ("red", "green", "blue")]


def continued(catalog: Catalog, run: RunRecord, weights: str, split: pd.DataFrame) -> RunRecord:
    """A run on the same dataset that starts from these weights."""
    job = catalog.jobs.hold("train", {}, lane="train", subject=run.dataset_id)
    made = catalog.runs.add(
        f"from {weights}",
        dataset_id=run.dataset_id,
        dataset_version=1,
        spec={"recipe": "scratch", "weights": weights},
        job_id=job.id,
    )
    files = RunFiles(catalog.workspace, made.id)
    save_model(files.folder)
    files.write_split(split)
    return made


def turned(split: pd.DataFrame) -> pd.DataFrame:
    """Tested on what was trained on, and the other way round."""
    others = {"train": "test", "test": "train", "validation": "test"}
    return split.assign(split=split["split"].map(others))


def headline(catalog: Catalog, run: RunRecord) -> str:
    evaluate_run(catalog, run.id)
    verdict = compute_figures(catalog, run.id).verdict
    assert [each.text for each in verdict.cautions if each.key == "elsewhere"] == [
        said for said in [why_not_new(catalog, run)] if said
    ]
    return verdict.statements[0].text


def test_test_photos_that_an_earlier_training_saw_are_not_called_new(
    catalog: Catalog, tmp_path: Path
) -> None:
    splits = {"train": RIGHT * 2, "validation": RIGHT[:1], "test": RIGHT}
    first = make_run(catalog, tmp_path / "photos", splits)
    split = RunFiles(catalog.workspace, first.id).split()
    assert why_not_new(catalog, first) == ""

    same = continued(catalog, first, f"run:{first.id}", split)
    assert why_not_new(catalog, same) == ""
    assert "3 images it had never seen" in headline(catalog, same)

    other = continued(catalog, first, f"run:{first.name}", turned(split))
    said = "7 of its 7 test images were seen by the training that it went on from, which flatters"
    assert said in why_not_new(catalog, other)
    assert "7 images of the test set" in headline(catalog, other)

    # It began with what had learned from all of them, although its own split is the first one's.
    last = continued(catalog, first, f"run:{other.id}", split)
    assert learned_before(catalog, last) == set(split["hash"])
    assert "3 of its 3 test images were seen" in why_not_new(catalog, last)


def test_where_nobody_knows_what_the_weights_had_seen_it_is_said(
    catalog: Catalog, tmp_path: Path
) -> None:
    first = make_run(catalog, tmp_path / "photos", {"train": RIGHT, "test": RIGHT})
    split = RunFiles(catalog.workspace, first.id).split()
    for weights in ("file:weights.keras", "run:long gone"):
        run = continued(catalog, first, weights, split)
        assert learned_before(catalog, run) is None
        assert "is not known here" in why_not_new(catalog, run)
