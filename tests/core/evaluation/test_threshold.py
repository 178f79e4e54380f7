"""From which confidence on a model is sure comes from validation images, is never below a half, and
is one number wherever it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog
from core.errors import InvalidInput
from core.evaluation.document.result import load_result
from core.evaluation.evaluate import evaluate_run
from core.evaluation.threshold import LEAST, choose_sure, move_sure, sure_from
from core.runs.files import RunFiles
from tests.core.evaluation.answered import answered
from tests.core.evaluation.coloured import CLASSES, make_run


def test_it_is_where_answers_about_validation_images_become_right(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(
        catalog, tmp_path / "colours", {"train": right, "validation": right * 8, "test": right}
    )
    assert sure_from(catalog.workspace, run.id).threshold == LEAST
    evaluate_run(catalog, run.id)
    assert sure_from(catalog.workspace, run.id).threshold == LEAST

    # Wrong wherever it is less sure than 80 %.
    file = RunFiles(catalog.workspace, run.id).test().predictions
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
    assert 0.78 <= sure_from(catalog.workspace, run.id).threshold <= 0.82


def test_what_a_person_moved_is_said_everywhere_until_it_is_taken_back(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(
        catalog, tmp_path / "colours", {"train": right, "validation": right * 8, "test": right * 12}
    )
    evaluate_run(catalog, run.id)

    def said() -> list[str]:
        result = load_result(catalog, run)
        statement = result.figures.verdict.get("sure")
        assert statement is not None
        return [statement.about["threshold"], statement.text, result.reliance[1]]

    suggested = said()
    assert suggested[0] == f"{sure_from(catalog.workspace, run.id).threshold:g}"
    moved = move_sure(catalog.workspace, run.id, 0.9999)
    assert (moved.threshold, moved.moved) == (0.9999, True)
    assert said()[0] == "0.9999"
    assert "99.99 % sure" in said()[1]
    # A new test on the same images leaves it where a person put it.
    evaluate_run(catalog, run.id)
    assert said()[0] == "0.9999"
    move_sure(catalog.workspace, run.id, None)
    assert said() == suggested
    with pytest.raises(InvalidInput):
        move_sure(catalog.workspace, run.id, 1.1)


def test_it_is_the_best_accuracy_that_leaves_half_of_the_images() -> None:
    """Surest first: 45 right, then every fifth wrong; so 99 % hold for none, 95 % for half."""
    right = np.arange(100) % 5 > 0
    right[:45] = True
    confidence = np.linspace(0.99, 0.55, 100)
    given = np.stack([confidence, 1 - confidence], axis=1)
    given[~right] = given[~right][:, ::-1]
    sure = choose_sure(answered(np.zeros(100, int), given)[1])
    assert sure.wanted == 0.95
    kept = confidence >= sure.threshold
    assert right[kept].mean() >= 0.95
    assert kept.mean() >= 0.5


def test_where_it_is_wrong_however_sure_nothing_is_promised() -> None:
    given = np.tile([[0.1, 0.9]], (60, 1))
    sure = choose_sure(answered(np.zeros(60, int), given)[1])
    assert (sure.threshold, sure.wanted, sure.images) == (LEAST, None, 60)
