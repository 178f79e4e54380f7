"""All that is known of a finished run, read once: what everything that is taken away is made
from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.catalog import Catalog, DatasetRecord, RunRecord, RunSummary
from core.errors import InvalidInput, NotFound
from core.evaluation.predictions import Predictions, load_predictions
from core.evaluation.records import Evaluation
from core.evaluation.store import load_evaluation
from core.runs.files import RunFiles
from core.runs.values import EpochRecord, ModelInfo
from core.text import as_text
from core.training.spec import TrainSpec, parse_spec
from core.workspace import writable_place


@dataclass(frozen=True)
class Material:
    """One finished run.

    Attributes:
        catalog: where it was found.
        dataset: what it was trained on; ``None`` if that was removed since.
        info: what using the model needs.
        predictions: about the test images.
        history: one entry an epoch, in order; empty if it was not kept.
        split: ``path``, ``label``, ``hash``, ``split`` of every image of the run.
    """

    catalog: Catalog
    run: RunRecord
    dataset: DatasetRecord | None
    spec: TrainSpec
    info: ModelInfo
    evaluation: Evaluation
    predictions: Predictions
    history: list[EpochRecord]
    split: pd.DataFrame

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.catalog.workspace.run(self.run.id)

    @property
    def root(self) -> Path | None:
        """The folder of the class folders, whether it is still there or not."""
        if self.dataset is None:
            return None
        return self.catalog.workspace.load_path(self.dataset.root)

    @property
    def summary(self) -> RunSummary:
        """Headline figures of the training."""
        return self.run.summary

    @property
    def classes(self) -> list[str]:
        """In the order of the model's outputs."""
        return list(self.info.classes)

    def count(self, split: str) -> int:
        """How many images of the run are of a split."""
        return int((self.split["split"] == split).sum())


def load_material(catalog: Catalog, run_id: str) -> Material:
    """Everything about a run that has been tested.

    Raises:
        NotFound: there is no such run, or it is not finished.
        InvalidInput: its settings are not those of a training.
    """
    workspace = catalog.workspace
    run = catalog.runs.get(run_id)
    files = RunFiles(workspace, run.id)
    info = files.model()
    evaluation = load_evaluation(workspace, run.id)
    try:
        dataset = catalog.datasets.get(run.dataset_id)
    except NotFound:
        dataset = None
    return Material(
        catalog,
        run,
        dataset,
        parse_spec(run.spec),
        info,
        evaluation,
        load_predictions(workspace, run.id),
        files.history(),
        files.split(),
    )


def checked_target(file: Path, suffixes: tuple[str, ...], what: str) -> Path:
    """Where something can be written: ``file`` in full.

    Args:
        suffixes: one of which it must have, in lower case.
        what: completes "… is a file that ends in …".

    Raises:
        InvalidInput: it has another suffix, or there can be no file of that name.
        NotAllowed: Lightbox has no right to write there.
    """
    if file.suffix.lower() not in suffixes:
        raise InvalidInput(
            f"{what} is a file that ends in {' or '.join(suffixes)}.",
            file=as_text(str(file)),
            remedy=f"Give it a name that ends in {suffixes[0]}.",
        )
    return writable_place(file)
