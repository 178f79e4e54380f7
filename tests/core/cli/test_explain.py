"""What a run looked at, and its study, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from core.evaluation.study import basis
from core.evaluation.study import run as study
from tests.core.cli.conftest import Cli
from tests.core.evaluation.coloured import make_run
from tests.core.evaluation.dense import save_dense


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    monkeypatch.setattr(study, "_FILES", (basis,))
    images = [("red", "red"), ("green", "blue"), ("blue", "blue")]
    made = make_run(catalog, tmp_path / "images", {"train": images, "test": images})
    save_dense(catalog.workspace.run(made.id))
    evaluate_run(catalog, made.id)
    return made


def half_blue(path: Path) -> Path:
    """Grey, with the right third blue."""
    pixels = np.full((30, 60, 3), 60, np.uint8)
    pixels[:, 40:, 2] = 240
    Image.fromarray(pixels).save(path)
    return path


def test_it_says_where_the_heat_is_and_writes_pictures(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    file = half_blue(tmp_path / "half.png")
    found = cli("explain", run.name, file, "--out", tmp_path / "out", "--json").document
    assert found["method"] == "gradients"
    (image,) = found["images"]
    assert (image["answer"], image["class"]) == ("blue", "blue")
    ninths = np.array(image["ninths"])
    assert ninths.sum() == pytest.approx(1, abs=1e-3)
    # The model weighs blue by its strength: 240 on the right third, 60 elsewhere.
    assert ninths[:, 2].sum() == pytest.approx(240 / (240 + 60 + 60), abs=0.04)
    assert np.array(image["heat"]).shape == (16, 16)
    with Image.open(image["file"]) as written:
        assert written.size == (448, 224)
    assert "right" in cli("explain", run.name, file).out


def test_any_class_can_be_asked_about(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    file = half_blue(tmp_path / "half.png")
    (image,) = cli("explain", run.name, file, "--class", "red", "--json").document["images"]
    assert (image["answer"], image["class"]) == ("blue", "red")
    assert image["probability"] < 0.5
    assert np.array(image["ninths"])[:, 2].sum() == pytest.approx(1 / 3, abs=0.05)
    assert "yellow" in cli("explain", run.name, file, "--class", "yellow").mistake


def test_without_images_it_explains_what_was_answered_wrongly(cli: Cli, run: RunRecord) -> None:
    (image,) = cli("explain", run.name, "--json").document["images"]
    assert image["name"].startswith("green/test")
    assert image["answer"] == "blue"


def test_what_is_no_image_is_said_and_the_others_are_explained(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    found = cli("explain", run.name, broken, half_blue(tmp_path / "half.png"), "--json").document
    assert [bool(image["error"]) for image in found["images"]] == [True, False]
    assert "nowhere" in cli("explain", run.name, tmp_path / "nowhere.png").mistake


def test_a_study_is_done_at_once(cli: Cli, run: RunRecord, catalog: Catalog) -> None:
    said = cli("study", run.name, "--json")
    found = said.document
    assert list(found["seconds"]) == ["answers", "heat"]
    assert found["failed"] == {}
    assert (Path(found["folder"]) / "features.npy").exists()
    assert said.err
    assert "heat" in cli("study", run.name).out
