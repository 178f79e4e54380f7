"""Test images that resemble training images are found, and the score is told without them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.comparison.similar import find_similar, resembling, without
from core.evaluation.evaluate import evaluate_folder
from core.evaluation.predictions import load_predictions
from core.quality.alike import find_alike
from tests.conftest import write_image
from tests.core.evaluation.coloured import CLASSES, make_run
from tests.core.evaluation.twins import finished


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def photos(root: Path) -> None:
    """Photo-like pictures in the place of the run's plain ones, as far as descriptors go."""
    for number, file in enumerate(sorted(root.rglob("*.png"))):
        write_image(file, seed=number, size=(96, 96))


@pytest.fixture
def run(catalog: Catalog, root: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    return finished(catalog, make_run(catalog, root, {"train": right * 2, "test": right * 3}))


def test_an_exact_copy_of_a_training_image_in_a_folder_is_found_by_its_content(
    catalog: Catalog, run: RunRecord, root: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    (new / "red").mkdir(parents=True)
    shutil.copy(root / "red/train-2.png", new / "red/other-name.png")
    shutil.copy(root / "red/test-2.png", new / "red/fresh.png")
    evaluation = evaluate_folder(catalog, run.id, new)
    predictions = load_predictions(catalog.workspace, run.id, evaluation.on)
    found, searched = resembling(catalog, run, predictions)
    assert not searched
    assert found[["path", "train_path", "relation"]].to_numpy().tolist() == [
        ["red/other-name.png", "red/train-2.png", "exact"]
    ]
    score = without(predictions, found, 1.0, searched=searched)
    assert (score.images, score.alike, score.alike_correct) == (2, 1, 1)
    assert score.accuracy_without == 1.0
    assert score.without.low < score.with_all.low, "of fewer images less is known"


def test_a_smaller_brighter_copy_in_a_folder_is_found_once_it_is_looked_for(
    catalog: Catalog, root: Path, tmp_path: Path
) -> None:
    from core.quality.scan import scan

    right = [(colour, colour) for colour in CLASSES]
    run = make_run(catalog, root, {"train": right * 2, "test": right})
    photos(root)
    scan(catalog, run.dataset_id)
    version = catalog.datasets.get(run.dataset_id).version
    run = finished(catalog, _at_version(catalog, run, version))
    new = tmp_path / "new/red"
    new.mkdir(parents=True)
    with Image.open(root / "green/train-1.png") as image:
        image.resize((70, 70)).point(lambda v: min(255, int(v * 1.05))).save(new / "copy.jpg")
    write_image(new / "fresh.png", seed=500, size=(96, 96))
    on = evaluate_folder(catalog, run.id, tmp_path / "new").on
    predictions = load_predictions(catalog.workspace, run.id, on)
    assert resembling(catalog, run, predictions)[0].empty
    assert find_similar(catalog, run, predictions) == 1
    found, searched = resembling(catalog, run, predictions)
    assert searched
    assert found["path"].tolist() == ["red/copy.jpg"]
    assert found["train_path"].tolist() == ["green/train-1.png"]
    assert found["score"].iloc[0] > 0.98
    assert without(predictions, found, 0.98, searched=True).alike == 1


def _at_version(catalog: Catalog, run: RunRecord, version: int) -> RunRecord:
    job = catalog.jobs.add("train", {}, lane="train")
    made = catalog.runs.add(
        "later", dataset_id=run.dataset_id, dataset_version=version, spec=run.spec, job_id=job.id
    )
    shutil.copytree(catalog.workspace.run(run.id), catalog.workspace.run(made.id))
    return made


def test_of_the_own_test_set_the_pairs_of_the_scan_are_taken(catalog: Catalog, root: Path) -> None:
    from core.quality.scan import scan

    right = [(colour, colour) for colour in CLASSES]
    run = make_run(catalog, root, {"train": right * 3, "test": right * 3})
    photos(root)
    # Pairs are in the order of their hashes, so a test image comes first in some, second in others.
    for number, colour in enumerate(CLASSES * 3):
        with Image.open(root / f"{colour}/train-{number}.png") as image:
            mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            mirrored.save(root / f"{colour}/test-{number}.png")
    scan(catalog, run.dataset_id)
    run = finished(catalog, _at_version(catalog, run, catalog.datasets.get(run.dataset_id).version))
    _rehash(catalog, run, root)
    predictions = load_predictions(catalog.workspace, run.id)
    assert resembling(catalog, run, predictions)[1] is False, "nobody has looked yet"
    find_alike(catalog, run.dataset_id)
    found, searched = resembling(catalog, run, predictions)
    assert searched
    assert set(found["relation"]) == {"mirrored"}
    assert dict(zip(found["path"], found["train_path"], strict=True)) == {
        f"{colour}/test-{number}.png": f"{colour}/train-{number}.png"
        for number, colour in enumerate(CLASSES * 3)
    }


def _rehash(catalog: Catalog, run: RunRecord, root: Path) -> None:
    """The run's split, with the contents that its images have by now."""
    import pandas as pd

    from core.datasets.content import hash_bytes
    from core.evaluation.evaluate import evaluate_run

    file = catalog.workspace.run(run.id) / "split.parquet"
    table = pd.read_parquet(file)
    table["hash"] = [hash_bytes((root / path).read_bytes()) for path in table["path"]]
    table.to_parquet(file, index=False)
    evaluate_run(catalog, run.id)


def test_a_folder_that_is_gone_cannot_be_searched(
    catalog: Catalog, run: RunRecord, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(root, tmp_path / "new")
    on = evaluate_folder(catalog, run.id, tmp_path / "new").on
    shutil.rmtree(tmp_path / "new")
    predictions = load_predictions(catalog.workspace, run.id, on)
    with pytest.raises(NotFound, match="not there any more"):
        find_similar(catalog, run, predictions)


def test_nothing_left_to_test_on_is_no_score(catalog: Catalog, run: RunRecord) -> None:
    predictions = load_predictions(catalog.workspace, run.id)
    everything = predictions.table[["path"]].assign(train_path="x", score=1.0, relation="exact")
    score = without(predictions, everything, 0.98, searched=True)
    assert (score.alike, score.accuracy_without) == (score.images, 0.0)
    assert (score.without.low, score.without.high) == (0.0, 1.0)
