"""A finished run as values, without a training: what is taken away is made from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord, RunSummary
from core.delivery.take_away.cells import Cell
from core.delivery.take_away.material import Material
from core.evaluation import metrics
from core.evaluation.predictions import Predictions
from core.runs.values import EpochRecord, ModelInfo
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec
from tests.core.training.small import STACK

CLASSES = ["cat", "dog", 'it\'s "a" <b>`bird`']
EACH = {"train": 20, "validation": 4, "test": 6}


def spec_of(recipe: str = "scratch", **changes: Any) -> TrainSpec:
    """A recipe's settings on no dataset in particular; ``__`` stands for the dot."""
    values: dict[str, Any] = {
        "dataset_id": "gone",
        "dataset_version": 1,
        "recipe": recipe,
        "image_size": 32,
        "epochs": 3,
        "learning_rate": 0.01,
        **RECIPES[recipe].values,
    }
    if changes.get("architecture") == "custom":
        values["stack"] = STACK
    wanted = {name.replace("__", "."): value for name, value in changes.items()}
    return TrainSpec.model_validate(values).with_values(wanted)


def material_of(catalog: Catalog, spec: TrainSpec, **changes: Any) -> Material:
    """A run with this spec on images of :data:`CLASSES` that nobody has; right on most."""
    rows = [
        (f"{label}/{split}-{number}.png", label, "", split)
        for split, each in EACH.items()
        for label in CLASSES
        for number in range(each)
    ]
    split = pd.DataFrame(rows, columns=["path", "label", "hash", "split"])
    tested = split[split["split"] == "test"].reset_index(drop=True)
    true = tested["label"].map(CLASSES.index).to_numpy(np.int64)
    predicted = true.copy()
    predicted[0] = 2
    chances = np.full((len(true), 3), 0.05, np.float32)
    chances[np.arange(len(true)), predicted] = 0.9
    table = tested[["path", "label", "hash"]].assign(
        predicted=[CLASSES[n] for n in predicted], confidence=0.9, correct=true == predicted
    )
    predictions = Predictions("run", "test", CLASSES, table, true, predicted, chances)
    values: dict[str, Any] = {
        "catalog": catalog,
        "run": RunRecord(
            "run",
            "My *run*",
            spec.dataset_id,
            1,
            spec.model_dump(mode="json"),
            "j",
            0.0,
            "done",
            "",
            RunSummary(stopped=False, epochs=3, best_epoch=2),
        ),
        "dataset": None,
        "spec": spec,
        "info": ModelInfo(classes=tuple(CLASSES), image_size=spec.image_size, fit=spec.resize),
        "evaluation": metrics.evaluate("run", "test", CLASSES, true, predicted),
        "predictions": predictions,
        "history": [
            EpochRecord(epoch=n, loss=1 / n, accuracy=0.5, val_loss=1.1 / n, val_accuracy=0.5)
            for n in (1, 2, 3)
        ],
        "split": split,
    }
    return Material(**values | changes)


def source(cells: list[Cell]) -> str:
    """All code of a notebook as one module."""
    lines = [cell.source for cell in cells if cell.kind == "code"]
    return "\n\n".join(line for line in lines if not line.startswith("# %pip")) + "\n"
