"""All that is known of a finished run and its own test: what everything that is taken away is made
from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.catalog import Catalog, DatasetRecord, RunSummary
from core.errors import NotFound
from core.evaluation.document.result import Result
from core.evaluation.predictions import load_evaluation, load_predictions
from core.progress import SILENT, Reporter
from core.runs.files import RunFiles
from core.runs.values import EpochRecord, ModelInfo
from core.training.spec import TrainSpec, parse_spec


@dataclass(frozen=True, kw_only=True)
class Material(Result):
    """The result of a run's own test, and what the run was.

    Attributes:
        dataset: what it was trained on; ``None`` if that was removed since.
        info: what using the model needs.
        history: one entry an epoch, in order; empty if it was not kept.
        split: ``path``, ``label``, ``hash``, ``split`` of every image of the run.
    """

    dataset: DatasetRecord | None
    spec: TrainSpec
    info: ModelInfo
    history: list[EpochRecord]
    split: pd.DataFrame

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


def load_material(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> Material:
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
        catalog=catalog,
        run=run,
        evaluation=evaluation,
        predictions=load_predictions(workspace, run.id),
        report=report,
        dataset=dataset,
        spec=parse_spec(run.spec),
        info=info,
        history=files.history(),
        split=files.split(),
    )
