"""One run, and all that it left and said, for the tests that train whole runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord, RunSummary
from core.datasets.pixels import Files, load_pixels
from core.training.run import train_run
from core.training.spec import TrainSpec
from core.training.start import create_run
from core.workspace import read_json
from tests.core.training.fitting.points import figures
from tests.core.training.small import spec_of
from tests.recording import RecordingReporter


@dataclass
class Trained:
    """A finished run."""

    catalog: Catalog
    dataset: DatasetRecord
    spec: TrainSpec
    run_id: str
    report: RecordingReporter
    summary: RunSummary

    @property
    def folder(self) -> Path:
        return self.catalog.workspace.run(self.run_id)

    @property
    def split(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "split.parquet")

    @property
    def history(self) -> list[dict[str, Any]]:
        """Figures of the epochs, without how long they took."""
        return figures(read_json(self.folder / "history.json"))

    @property
    def best(self) -> dict[str, Any]:
        """The epoch that was kept."""
        number = self.summary.best_epoch
        return next(entry for entry in self.history if entry["epoch"] == number)

    def model(self) -> Any:
        """The saved model, as anybody's Keras opens it."""
        import keras

        return keras.models.load_model(self.folder / "model.keras")

    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """Validation images as the model is to be given them, and the numbers of their classes."""
        about = read_json(self.folder / "model.json")
        split = self.split
        table = split[split["split"] == "validation"]
        root = self.catalog.workspace.load_path(self.dataset.root)
        files = Files(root, table, about["image_size"], about["fit"])
        pixels = load_pixels(self.catalog.workspace, self.dataset.id, files)
        labels = table["label"].map(about["classes"].index).to_numpy()
        return pixels.take(np.arange(len(table))), labels

    def validated_again(self) -> tuple[float, float]:
        """Accuracy and cross-entropy of the saved model on the validation images."""
        images, labels = self.validation()
        answers = np.asarray(self.model()(images.astype(np.float32), training=False))
        right = answers[np.arange(len(labels)), labels]
        return float((answers.argmax(axis=1) == labels).mean()), float(-np.log(right).mean())


def queued(catalog: Catalog, dataset: DatasetRecord, **spec: Any) -> tuple[str, TrainSpec]:
    """A run that is only to be trained still; its id and spec."""
    wanted = spec_of(dataset, **spec)
    return create_run(catalog, wanted).id, wanted


def train(
    catalog: Catalog, dataset: DatasetRecord, report: RecordingReporter | None = None, **spec: Any
) -> Trained:
    run_id, wanted = queued(catalog, dataset, **spec)
    report = report or RecordingReporter()
    summary = train_run(catalog, run_id, report)
    return Trained(catalog, dataset, wanted, run_id, report, summary)


def as_summarised(run: Trained, off: float = 2e-4) -> None:
    """The saved model is the one whose figures the summary has, to the last weight."""
    accuracy, loss = run.validated_again()
    assert accuracy == pytest.approx(run.summary.validation_accuracy, abs=1e-6)
    assert loss == pytest.approx(run.best["val_loss"], abs=off)
    assert run.summary.export_difference <= 1e-3
