"""A head takes one file: what is registered while tests run is tried, kept and taken away."""

from __future__ import annotations

import numpy as np
import pytest

from core.catalog import Catalog, DatasetRecord
from core.delivery.take_away import notebook
from core.delivery.take_away.material import load_material
from core.evaluation.evaluate import evaluate_run
from core.features.weights import find_weights
from core.runs.files import RunFiles
from core.training.auto import looks, search
from core.training.heads import HEADS, choose
from core.training.heads.head import Again, Head, Judged, Problem, Step, Steps, answer, fold_by_fold
from tests import small_network
from tests.core.evaluation.coloured import CLASSES
from tests.core.training.auto.conftest import SMALL
from tests.core.training.running import train

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        find_weights("efficientnet_lite0") is None, reason="the weights of Lite0 are not installed"
    ),
]


def answer_of_means(problem: Problem, rows: np.ndarray) -> Steps:
    """The nearest class mean: of squared distances only what differs between classes counts."""
    kept = problem.targets[rows]
    means = (kept.T @ problem.rows[rows]) / np.maximum(kept.sum(axis=0), 1)[:, None]
    lengths = np.square(means).sum(axis=1)
    return (Step((2 * means.T).astype(np.float32), (-lengths).astype(np.float32)),)


def judge_means(problem: Problem) -> Judged:
    def answered(fold: np.ndarray) -> np.ndarray:
        return answer(answer_of_means(problem, problem.without(fold)), problem.rows[fold])

    scores = fold_by_fold(problem, answered)
    every = np.arange(len(problem.labels))
    return Judged(scores, {"classes": problem.classes}, lambda: answer_of_means(problem, every))


def test_a_head_takes_one_file(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another file would define is tried, kept, told of, and fitted again by the notebook."""
    from core.training.fitting import tuning

    # Fine-tuning is no part of this; TensorFlow crashes on the small network's backward pass.
    monkeypatch.setattr(tuning, "_LEAST_S", 1e9)
    again = Again(("answer_of_means",), ("steps = answer_of_means(problem, every)",))
    head = Head("means", "the nearest mean", 20, judge_means, lambda *_: again)
    monkeypatch.setitem(HEADS, "means", head)
    # Whatever was tried last wins, and that is the slowest head.
    monkeypatch.setattr(search, "surely_better", lambda *_: True)
    monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
    monkeypatch.setattr(looks, "sizes", lambda _: [64])
    monkeypatch.setattr(looks, "networks", lambda _: [small_network.KEY])
    made = train(home, dataset, **SMALL)
    assert made.summary.head == "means"
    assert made.summary.chosen == {"classes": len(CLASSES)}
    assert "the nearest mean" in made.summary.story
    images, labels = made.validation()
    answers = RunFiles(home.workspace, made.run_id).compiled().predict(images)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9
    evaluate_run(home, made.run_id)
    cells = notebook.cells(load_material(home, made.run_id))
    text = "\n".join(cell.source for cell in cells)
    assert "def answer_of_means(problem, rows)" in text
    assert "**the nearest mean**" in text
