"""The first answer of Auto, of some of many images, and images that are read when looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.evaluation.evaluate import evaluate_run
from core.evaluation.predictions import predictions_table
from core.features.weights import find_weights
from core.runs.files import RunFiles
from core.training.ahead import prepare
from core.training.auto import few
from tests.core.training.running import train
from tests.core.training.small import StopsAt, add_colours, new_catalog, notes, spec_of
from tests.recording import RecordingReporter

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        find_weights("efficientnet_lite0") is None, reason="the weights of Lite0 are not installed"
    ),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return new_catalog(tmp_path_factory.mktemp("few"))


@pytest.fixture(scope="module")
def dataset(home: Catalog, tmp_path_factory: pytest.TempPathFactory) -> DatasetRecord:
    return add_colours(home, tmp_path_factory.mktemp("data") / "colours", each=16)


def test_a_first_answer_comes_of_some_images_and_can_be_taken(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few, "FIRST", 18)
    made = train(home, dataset, StopsAt("rung"), recipe="auto", image_size=160, minutes=30)
    (rung,) = made.summary.ladder
    assert "18 images to begin with" in rung["what"]
    kept = RunFiles(home.workspace, made.run_id).out_of_fold()
    assert kept is not None
    assert len(kept) == 18
    evaluate_run(home, made.run_id)
    table = predictions_table(home.workspace, made.run_id, split="validation")
    held = made.split["split"] == "validation"
    held |= made.split["path"].isin(kept["path"])
    assert sorted(table["path"]) == sorted(made.split.loc[held, "path"])


def test_what_all_images_say_takes_the_place_of_the_first_answer(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few, "FIRST", 18)
    made = train(home, dataset, recipe="auto", image_size=160, minutes=0.1)
    first, second, *_ = made.summary.ladder
    assert (first["kept"], second["kept"]) == (True, True)
    kept = RunFiles(home.workspace, made.run_id).out_of_fold()
    assert kept is not None
    assert len(kept) == (made.split["split"] != "test").sum()


def test_an_image_that_has_gone_since_the_scan_is_left_out_alone(
    home: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(home, tmp_path / "fewer", each=12)
    next((tmp_path / "fewer").rglob("*.*")).unlink()
    made = train(home, dataset, StopsAt("rung"), recipe="auto", image_size=160, minutes=30)
    assert "1 image could not be read" in notes(made.report)
    assert len(made.split) == 35


def test_what_was_looked_at_ahead_is_not_looked_at_again(home: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(home, tmp_path / "ahead", each=16)
    prepare(home, spec_of(dataset, recipe="auto", image_size=160, minutes=1), RecordingReporter())
    (features,) = (home.workspace.cache / "features" / dataset.id).glob("*.bin")
    known = features.stat().st_size
    made = train(home, dataset, StopsAt("rung"), recipe="auto", image_size=160, minutes=1)
    assert len(made.summary.ladder) == 1
    assert features.stat().st_size == known > 0
