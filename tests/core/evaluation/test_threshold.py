"""What "sure enough" begins with comes from validation images, and is never below a half."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.catalog import Catalog
from core.evaluation.evaluate import evaluate_run
from core.evaluation.store import evaluation_folder
from core.evaluation.threshold import LEAST, default_threshold
from tests.core.evaluation.coloured import CLASSES, make_run


def test_it_is_where_answers_about_validation_images_become_right(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(
        catalog, tmp_path / "colours", {"train": right, "validation": right * 8, "test": right}
    )
    assert default_threshold(catalog.workspace, run.id) == LEAST
    evaluate_run(catalog, run.id)
    assert default_threshold(catalog.workspace, run.id) == LEAST

    # Wrong wherever it is less sure than 80 %.
    file = evaluation_folder(catalog.workspace, run.id, "test") / "predictions.parquet"
    table = pd.read_parquet(file)
    rows = np.flatnonzero(table["split"] == "validation")
    sure = np.linspace(0.6, 0.99, len(rows))
    for place, confidence in zip(rows, sure, strict=True):
        answer = CLASSES.index(table["label"].iloc[place])
        answer = answer if confidence >= 0.8 else (answer + 1) % 3
        for number in range(3):
            share = confidence if number == answer else (1 - confidence) / 2
            table.loc[place, f"p_{number}"] = np.float32(share)
        table.loc[place, "predicted"] = CLASSES[answer]
        table.loc[place, "confidence"] = np.float32(confidence)
    table.to_parquet(file)
    assert 0.78 <= default_threshold(catalog.workspace, run.id) <= 0.82
