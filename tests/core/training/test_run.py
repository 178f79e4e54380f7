"""A run from its spec to a checked model, on three colours."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import Cancelled, InvalidInput, NotFound, WeightsMissing
from core.features.runtime import Compiled
from core.progress import RecordingReporter
from core.training.run import train_run
from core.training.spec import TrainSpec, parse_spec
from core.training.start import create_run
from core.workspace import read_json
from tests.conftest import ROOT
from tests.core.evaluation.coloured import CLASSES
from tests.core.training.small import EACH, StopsAt, add_colours, new_catalog, spec_of

# Killed as soon as the first epoch is told of, by the system, without a chance to tidy up.
KILLED = """
import os, signal, sys
from pathlib import Path
from core.progress import Reporter
from core.training.run import train_run
from tests.core.training.small import new_catalog

class Dies(Reporter):
    def event(self, kind, **payload):
        if kind == "epoch":
            os.kill(os.getpid(), signal.SIGKILL)

train_run(new_catalog(Path(sys.argv[1])), sys.argv[2], Dies())
"""


@dataclass
class Trained:
    """One run, and all that it left and said."""

    catalog: Catalog
    dataset: DatasetRecord
    spec: TrainSpec
    run_id: str
    folder: Path
    report: RecordingReporter
    summary: dict[str, Any]

    @property
    def split(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "split.parquet")

    @property
    def history(self) -> list[dict[str, Any]]:
        """Figures of the epochs, without how long they took."""
        entries = read_json(self.folder / "history.json")
        return [{key: entry[key] for key in entry if key != "seconds"} for entry in entries]


def train(
    catalog: Catalog, dataset: DatasetRecord, report: RecordingReporter | None = None, **spec: Any
) -> Trained:
    wanted = spec_of(dataset, **spec)
    run = create_run(catalog, wanted)
    report = report or RecordingReporter()
    summary = train_run(catalog, run.id, report)
    folder = catalog.workspace.run(run.id)
    return Trained(catalog, dataset, wanted, run.id, folder, report, summary)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return new_catalog(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def dataset(home: Catalog, tmp_path_factory: pytest.TempPathFactory) -> DatasetRecord:
    return add_colours(home, tmp_path_factory.mktemp("photos") / "colours")


@pytest.fixture(scope="module")
def trained(home: Catalog, dataset: DatasetRecord) -> Trained:
    return train(home, dataset)


def test_everything_that_came_of_it_lies_in_its_folder(trained: Trained) -> None:
    assert sorted(file.name for file in trained.folder.iterdir()) == [
        "history.json", "model.bin", "model.json", "model.keras", "model.xml", "spec.json",
        "split.parquet",
    ]  # fmt: skip
    assert parse_spec(read_json(trained.folder / "spec.json")) == trained.spec
    about = read_json(trained.folder / "model.json")
    assert about["classes"] == CLASSES
    assert (about["image_size"], about["recipe"]) == (24, "compact")


def test_every_image_is_in_one_split_and_every_class_in_all(trained: Trained) -> None:
    split = trained.split
    assert len(split) == split["path"].nunique() == 3 * EACH
    counts = pd.crosstab(split["label"], split["split"])
    assert sorted(counts.columns) == ["test", "train", "validation"]
    assert (counts > 0).all(axis=None)


def test_the_history_has_an_entry_an_epoch_which_was_also_told(trained: Trained) -> None:
    history = trained.history
    assert [entry["epoch"] for entry in history] == [1, 2]
    told = [payload for kind, payload in trained.report.events if kind == "epoch"]
    for entry, payload in zip(history, told, strict=True):
        assert {key: payload[key] for key in entry} == entry


def test_phases_are_told_as_they_start_and_end_with_their_seconds(trained: Trained) -> None:
    told = [payload for kind, payload in trained.report.events if kind == "phase"]
    assert [(payload["phase"], payload["state"]) for payload in told] == [
        (phase, state) for phase in ("decode", "fit", "export") for state in ("started", "done")
    ]
    ended = {payload["phase"]: payload["seconds"] for payload in told if "seconds" in payload}
    assert ended == trained.summary["seconds"]
    assert {step[0] for step in trained.report.steps} == {"decode", "fit", "export"}


def test_the_summary_is_kept_in_the_catalog(trained: Trained) -> None:
    assert trained.catalog.runs.get(trained.run_id).summary == trained.summary
    assert (trained.summary["epochs"], trained.summary["classes"]) == (2, 3)
    best = trained.history[trained.summary["best_epoch"] - 1]
    assert trained.summary["validation_accuracy"] == best["val_accuracy"]
    assert trained.summary["export_difference"] <= 1e-3


def test_the_saved_model_and_the_export_give_the_same_answers(trained: Trained) -> None:
    import keras

    pixels = np.random.default_rng(0).integers(0, 256, (5, 24, 24, 3), dtype=np.uint8)
    model = keras.models.load_model(trained.folder / "model.keras")
    answers = model.predict(pixels.astype(np.float32), verbose=0)
    assert Compiled(trained.folder / "model.xml").predict(pixels) == pytest.approx(
        answers, abs=1e-3
    )
    assert answers.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_the_same_spec_gives_the_same_split_and_history_and_decodes_nothing_again(
    trained: Trained,
) -> None:
    again = train(trained.catalog, trained.dataset)
    assert again.split.equals(trained.split)
    assert again.history == trained.history
    notes = [payload["text"] for kind, payload in again.report.events if kind == "note"]
    assert any("decoded before" in text for text in notes)


def test_another_seed_gives_another_split_and_history(trained: Trained) -> None:
    other = train(trained.catalog, trained.dataset, recipe="classic", seed=2, epochs=1)
    assert not other.split.equals(trained.split)
    assert other.history != trained.history


def test_what_is_saved_of_a_bfloat16_run_computes_in_float32(trained: Trained) -> None:
    import keras

    run = train(
        trained.catalog, trained.dataset, recipe="classic", precision="bfloat16", epochs=1
    )  # fmt: skip
    assert run.summary["precision"] == "bfloat16"
    assert run.summary["export_difference"] <= 1e-3
    model = keras.models.load_model(run.folder / "model.keras")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert keras.mixed_precision.global_policy().name == "float32"


def test_stopping_while_fitting_keeps_the_best_so_far_as_a_whole_model(trained: Trained) -> None:
    report = StopsAt("epoch", epoch=2)
    run = train(trained.catalog, trained.dataset, report, recipe="classic", epochs=200)
    assert (run.summary["stopped"], run.summary["epochs"]) == (True, 2)
    assert 1 <= run.summary["best_epoch"] <= 2
    assert run.summary["export_difference"] <= 1e-3
    assert len(run.history) == 2
    assert (run.folder / "model.xml").exists()


@pytest.mark.parametrize("phase", ["decode", "fit"])
def test_cancelled_before_anything_was_learned_it_can_be_trained_later(
    catalog: Catalog, tmp_path: Path, phase: str
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    run = create_run(catalog, spec_of(dataset, recipe="classic", epochs=1))
    state = {"decode": "started", "fit": "done"}[phase]
    with pytest.raises(Cancelled):
        train_run(catalog, run.id, StopsAt("phase", phase="decode", state=state))
    folder = catalog.workspace.run(run.id)
    assert parse_spec(read_json(folder / "spec.json")) == parse_spec(run.spec)
    assert not (folder / "model.json").exists()
    assert not list(folder.glob("model.*"))
    assert train_run(catalog, run.id)["epochs"] == 1


def test_killed_in_the_middle_it_leaves_nothing_half_written_and_can_be_trained_again(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    catalog = new_catalog(home)
    dataset = add_colours(catalog, tmp_path / "colours")
    run = create_run(catalog, spec_of(dataset, recipe="classic"))
    command = [sys.executable, "-c", KILLED, str(home), run.id]
    ended = subprocess.run(command, cwd=ROOT, timeout=60, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    again = new_catalog(home)
    folder = again.workspace.run(run.id)
    assert sorted(file.name for file in folder.iterdir()) == ["spec.json", "split.parquet"]
    split = pd.read_parquet(folder / "split.parquet")
    report = RecordingReporter()
    assert train_run(again, run.id, report)["epochs"] == 2
    assert pd.read_parquet(folder / "split.parquet").equals(split)
    assert any("decoded before" in payload.get("text", "") for _, payload in report.events)


def test_images_that_have_gone_are_left_out_and_named(catalog: Catalog, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    folders = {
        "train/red": "red", "train/blue": "blue", "test/red": "red", "test/green": "green",
    }  # fmt: skip
    dataset = add_colours(catalog, root, folders)
    (root / "train/red/03.png").unlink()
    run = train(catalog, dataset, recipe="classic", epochs=1)
    assert len(run.split) == 4 * EACH - 1
    notes = [payload["text"] for kind, payload in run.report.events if kind == "note"]
    assert any("1 image could not be read" in text and "03.png" in text for text in notes)
    assert any("“green” has no training images" in text for text in notes)


def test_a_class_of_which_no_training_image_is_left_is_refused_by_name(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    dataset = add_colours(catalog, root)
    run = create_run(catalog, spec_of(dataset))
    for file in (root / "green").iterdir():
        file.unlink()
    with pytest.raises(InvalidInput, match="“green”"):
        train_run(catalog, run.id)


def test_a_folder_that_has_gone_is_said_so(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "photos")
    run = create_run(catalog, spec_of(dataset))
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match=r"can be read any more.*Put the folder back"):
        train_run(catalog, run.id)


def test_transfer_without_weights_or_network_says_which_file_goes_where(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsMissing, match=r"no_top\.h5.*keras") as caught:
        train(trained.catalog, trained.dataset, recipe="transfer", image_size=96)
    assert str(tmp_path / "keras/models") in str(caught.value)


@pytest.fixture(scope="module")
def transferred(home: Catalog, dataset: DatasetRecord, keras_home: Path) -> Iterator[Trained]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(keras_home))
        yield train(home, dataset, recipe="transfer", image_size=96, epochs=12)


@pytest.mark.real
def test_transfer_learns_colours_and_its_export_is_checked(transferred: Trained) -> None:
    assert transferred.summary["validation_accuracy"] >= 0.8
    assert transferred.summary["export_difference"] <= 1e-3
    phases = [payload["phase"] for kind, payload in transferred.report.events if kind == "phase"]
    assert phases[::2] == ["decode", "features", "fit", "export"]


@pytest.mark.real
def test_transfer_again_computes_no_features_and_learns_the_same(transferred: Trained) -> None:
    again = train(
        transferred.catalog, transferred.dataset, recipe="transfer", image_size=96, epochs=12
    )
    notes = [payload["text"] for kind, payload in again.report.events if kind == "note"]
    assert any("features were computed before" in text for text in notes)
    assert again.history == transferred.history
