"""A model learns again: what was held out stays held out, and what changed can be told."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, RunRecord
from core.cli import main
from core.errors import InvalidInput, NotFound
from core.evaluation.comparison.learned import learned
from core.evaluation.evaluate import evaluate_run
from core.inference.corrections import add_corrections, correct, take_back
from core.quality import curation
from core.quality.alike import find_alike
from core.quality.curation import curated, usable
from core.quality.scan import scan
from core.runs.files import RunFiles
from core.training.again import changed_since, spec_again, split_of
from core.training.recipes import plan
from core.training.spec import TrainSpec
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour

SPLITS = {
    "train": [(c, c) for c in CLASSES for _ in range(3)],
    "validation": [(c, c) for c in CLASSES],
    "test": [(c, c) for c in CLASSES],
}


def spec_for(run_id: str, dataset_id: str, version: int) -> TrainSpec:
    return TrainSpec(
        dataset_id=dataset_id,
        dataset_version=version,
        recipe="scratch",
        architecture="compact",
        image_size=32,
        epochs=1,
        learning_rate=0.01,
        refits=run_id,
    )


def test_images_keep_their_split_new_ones_are_learned_and_copies_join_what_is_held_out(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    run = make_run(catalog, root, SPLITS)
    write_colour(root / "red" / "new.png", "red", 900)
    shutil.copyfile(root / "red" / "test-2.png", root / "red" / "copy of a test photo.png")
    scan(catalog, run.dataset_id)
    find_alike(catalog, run.dataset_id)
    record = catalog.datasets.get(run.dataset_id)
    table = usable(curated(catalog, record.id))
    # Photos of noise are near-copies of nothing here but of their own copies.
    table = table.assign(copy_group=table["hash"])
    spec = spec_for(run.id, record.id, record.version)
    split = split_of(catalog.workspace, spec, table)
    found = dict(zip(table["path"], split, strict=True))
    assert found["red/new.png"] == "train"
    assert found["red/copy of a test photo.png"] == "test"
    for path, kept in found.items():
        name = path.rpartition("/")[2].partition("-")[0]
        assert name not in SPLITS or kept == name
    # An ordinary training draws anew.
    plain = spec.model_copy(update={"refits": ""})
    pd.testing.assert_series_equal(split_of(catalog.workspace, plain, table), plan(plain, table))


def test_a_correction_goes_into_the_dataset_at_once_and_can_be_taken_back(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = make_run(catalog, tmp_path / "photos", SPLITS)
    new = write_colour(tmp_path / "new.png", "red", 901).read_bytes()
    made = correct(catalog, run.id, "new.png", new, "blue", predicted="red")
    add_corrections(catalog, run.dataset_id, made.id)
    scan(catalog, run.dataset_id)
    table = usable(curated(catalog, run.dataset_id))
    (row,) = table[table["hash"].str.startswith(made.id)].to_dict("records")
    assert row["label"] == "blue"
    assert take_back(catalog, run.dataset_id, made.id) is not None
    table = usable(curated(catalog, run.dataset_id))
    assert not table["hash"].str.startswith(made.id).any()


def test_with_nothing_new_there_is_nothing_to_learn_again(catalog: Catalog, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    run = make_run(catalog, root, SPLITS)
    spec = spec_for("", run.dataset_id, 1).model_dump(mode="json")
    run = dataclasses.replace(run, spec=spec)
    with pytest.raises(InvalidInput, match="Nothing has changed since"):
        spec_again(catalog, run)
    write_colour(root / "red" / "new.png", "red", 902)
    scan(catalog, run.dataset_id)
    assert spec_again(catalog, run).refits == run.id
    curation.decide(catalog, run.dataset_id, "exclude", ["red/new.png"])
    with pytest.raises(InvalidInput, match="Nothing has changed since"):
        spec_again(catalog, run)
    # Of what can't be read any more nobody knows whether it was the same.
    assert changed_since(catalog, dataclasses.replace(run, dataset_version=0))


def _again(catalog: Catalog, before: RunRecord) -> RunRecord:
    """A run that learns again from what another one learned from."""
    job = catalog.jobs.hold("train", {}, lane="train", subject=before.dataset_id)
    return catalog.runs.add(
        "after",
        dataset_id=before.dataset_id,
        dataset_version=1,
        spec={"recipe": "scratch", "refits": before.id},
        job_id=job.id,
    )


def test_what_learning_again_has_changed_is_told_on_the_same_test_images(
    catalog: Catalog,
    tmp_path: Path,
    save_answers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "photos"
    wrong = {**SPLITS, "test": [("red", "blue"), *SPLITS["test"]]}
    before = make_run(catalog, root, wrong, "before")
    evaluate_run(catalog, before.id)
    after = _again(catalog, before)
    folder = catalog.workspace.run(after.id)
    shutil.copytree(catalog.workspace.run(before.id), folder, dirs_exist_ok=True)
    split = pd.read_parquet(folder / "split.parquet")
    new = {"path": "red/new.png", "label": "red", "hash": "f" * 32, "split": "train"}
    pd.concat([split, pd.DataFrame([new])]).to_parquet(folder / "split.parquet", index=False)
    save_answers(folder)
    found = learned(catalog, after)
    assert found is not None
    assert found.added == ("red/new.png",)
    assert (found.paired.first, found.paired.second) == (0.75, 1.0)
    assert list(found.matched.better["path_second"]) == ["red/test-0.png"]
    assert found.sentence == (
        "Right on 1 more of the same 4 test images than before; such a difference may be chance."
    )
    assert learned(catalog, before) is None

    # And back, by command.
    catalog.jobs.finish(after.job_id, "done")
    write_colour(root / "red" / "new.png", "red", 903)
    scan(catalog, before.dataset_id)
    assert main(["learn", "before", "--back"]) == 2
    assert 'learn "after" --back' in capsys.readouterr().err
    assert main(["learn", "after", "--back", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == ["red/new.png"]
    assert "red/new.png" not in set(usable(curated(catalog, before.dataset_id))["path"])
    assert [run.id for run in catalog.runs.all()] == [before.id]
    assert main(["undo", catalog.datasets.get(before.dataset_id).name]) == 0
    assert "red/new.png" in set(usable(curated(catalog, before.dataset_id))["path"])
    capsys.readouterr()
    assert main(["learn", "before", "--back"]) == 2
    assert "did not learn again" in capsys.readouterr().err


def test_what_it_was_taught_wrong_shows_in_what_it_says_of_the_images_that_it_learns_from(
    catalog: Catalog, tmp_path: Path
) -> None:
    many = {split: [(label, label) for label in CLASSES for _ in range(10)] for split in SPLITS}
    before = make_run(catalog, tmp_path / "photos", many, "before")
    evaluate_run(catalog, before.id)
    after = _again(catalog, before)
    shutil.copytree(
        catalog.workspace.run(before.id), catalog.workspace.run(after.id), dirs_exist_ok=True
    )
    for run, wrong in ((before, 1), (after, 9)):
        files = RunFiles(catalog.workspace, run.id)
        rows = files.split().query("split == 'train'")
        said = rows["label"].map(CLASSES.index).to_numpy(copy=True)
        said[:wrong] = (said[:wrong] + 1) % len(CLASSES)
        table = pd.DataFrame(np.eye(len(CLASSES))[said]).add_prefix("p_")
        files.write_out_of_fold(table.assign(path=rows["path"].to_numpy()))
    found = learned(catalog, after)
    assert found is not None
    assert found.sentence == (
        "On the same 30 test images it is right and wrong exactly as before. Of 30 images that "
        "each answered before it learned from them, 21 are right now, 29 before: a difference that "
        "chance alone seldom makes. Look whether what it was taught is right, or go back."
    )


@pytest.fixture
def save_answers() -> Callable[[Path], None]:
    """Make all answers of a test right."""

    def save(folder: Path) -> None:
        table = pd.read_parquet(folder / "predictions.parquet")
        table["predicted"], table["correct"] = table["label"], True
        for number, label in enumerate(sorted(table["label"].unique())):
            table[f"p_{number}"] = (table["label"] == label).astype("float32")
        table.to_parquet(folder / "predictions.parquet", index=False)

    return save


def test_a_model_from_elsewhere_or_without_a_split_can_not_learn_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = make_run(catalog, tmp_path / "photos", SPLITS)
    with pytest.raises(InvalidInput, match="trained elsewhere"):
        spec_again(catalog, dataclasses.replace(run, spec={"recipe": "imported"}))
    (catalog.workspace.run(run.id) / "split.parquet").unlink()
    spec = spec_for(run.id, run.dataset_id, 1)
    with pytest.raises(NotFound):
        split_of(catalog.workspace, spec, usable(curated(catalog, run.dataset_id)))
