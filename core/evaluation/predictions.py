"""What a test has left in a run's folder: what was found, and what the model answered, as arrays
that all figures are made from.

Where it lies, and what is said of it where it is damaged, is :mod:`core.runs.files`' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.datasets.layout import Split
from core.errors import Damaged, NotFound
from core.evaluation.intervals import worth
from core.evaluation.records import Evaluation
from core.runs.files import RunFiles
from core.workspace import Workspace

# Below it a probability counts as this, so that one confident mistake has a finite loss.
SMALLEST = 1e-7
_COLUMNS = ["path", "label", "predicted", "confidence", "correct", "hash"]


@dataclass(frozen=True)
class Predictions:
    """The answers of one run about one set of images; row n of all is the same image.

    Attributes:
        run_id: whose answers.
        on: ``test`` for the run's own images, else the folder that was tested on.
        labels: all classes of the model, in its order.
        table: ``path``, ``label``, ``predicted``, ``confidence``, ``correct``, ``hash``; index 0 to
            n - 1.
        true, predicted: int64, shape (n,): positions in ``labels``.
        probabilities: float32, shape (n, classes), rows sum to 1.
        groups: int64, shape (n,): images of equal value belong together (near-copies, or by what a
            person said); ``None`` for answers from before that was kept.
    """

    run_id: str
    on: str
    labels: list[str]
    table: pd.DataFrame
    true: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def correct(self) -> np.ndarray:
        """bool, shape (n,)."""
        return self.true == self.predicted

    @cached_property
    def worth(self) -> float:
        """What one image is worth in intervals, as of :func:`core.evaluation.intervals.worth`."""
        return worth(self.correct, self.groups)

    @cached_property
    def confidence(self) -> np.ndarray:
        """float32, shape (n,): the probability of the answer."""
        return self.probabilities.max(axis=1) if len(self) else np.zeros(0, np.float32)

    @cached_property
    def loss(self) -> np.ndarray:
        """float64, shape (n,): minus the natural logarithm of the true class's probability."""
        given = self.probabilities[np.arange(len(self)), self.true].astype(np.float64)
        return -np.log(np.maximum(given, SMALLEST))


def worth_by(predictions: Predictions, part: np.ndarray) -> np.ndarray:
    """What one image of each part is worth in intervals; float64, shape (classes,).

    Args:
        part: int, shape (n,): the class that puts each image into a part.
    """
    found = np.ones(len(predictions.labels))
    if predictions.groups is not None:
        for number in np.unique(part):
            mine = part == number
            found[number] = worth(predictions.correct[mine], predictions.groups[mine])
    return found


def load_evaluation(workspace: Workspace, run_id: str, on: str = "test") -> Evaluation:
    """What was found before.

    Args:
        on: ``test``, or a folder as :meth:`Workspace.store_path` writes it.

    Raises:
        NotFound: it has not been evaluated.
        Damaged: what was found can't be read any more.
    """
    return RunFiles(workspace, run_id).test(on).read_evaluation(Evaluation)


def predictions_table(
    workspace: Workspace, run_id: str, on: str = "test", *, split: Split = "test"
) -> pd.DataFrame:
    """One row an image: ``path``, ``label``, ``predicted``, ``confidence`` (0 to 1, of the answer),
    ``correct`` (bool), ``hash``, ``split``, and ``p_0`` … in the order of the model's classes.

    Args:
        split: ``test``, or ``validation`` for the images that chose the best epoch; those are
            for fitting thresholds and temperatures, never for a score.

    Raises:
        NotFound: it has not been evaluated.
        Damaged: what was answered can't be read any more.
    """
    table = RunFiles(workspace, run_id).test(on).read_predictions((*_COLUMNS, "split"))
    return table[table["split"] == split].reset_index(drop=True)


def load_predictions(
    workspace: Workspace, run_id: str, on: str = "test", *, split: Split = "test"
) -> Predictions:
    """What was answered when the run was evaluated.

    Args:
        on: as in :func:`load_evaluation`.
        split: as in :func:`predictions_table`.

    Raises:
        NotFound: it has not been evaluated.
    """
    evaluation = load_evaluation(workspace, run_id, on)
    labels = evaluation.labels
    table = predictions_table(workspace, run_id, on, split=split)
    number = {label: position for position, label in enumerate(labels)}
    try:
        if split == "test" and len(table) != evaluation.images:
            raise ValueError("of another test")
        return Predictions(
            run_id,
            on,
            labels,
            table[_COLUMNS],
            table["label"].map(number).to_numpy(np.int64),
            table["predicted"].map(number).to_numpy(np.int64),
            table[[f"p_{n}" for n in range(len(labels))]].to_numpy(np.float32),
            table["group"].to_numpy(np.int64) if "group" in table else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        test = RunFiles(workspace, run_id).test(on)
        raise test.damaged(test.predictions, "What the model answered in this test") from error


def validation_predictions(workspace: Workspace, run_id: str) -> Predictions:
    """The answers to fit thresholds and temperatures on; none for a run tested on folders only.

    Raises:
        NotFound: the run has no model.
    """
    try:
        return load_predictions(workspace, run_id, split="validation")
    except Damaged:
        raise
    except NotFound:
        labels = list(RunFiles(workspace, run_id).model().classes)
        nothing = np.zeros(0, np.int64)
        shares = np.zeros((0, len(labels)), np.float32)
        return Predictions(
            run_id, "test", labels, pd.DataFrame(columns=_COLUMNS), nothing, nothing, shares
        )


def evaluated_on(workspace: Workspace, run_id: str) -> list[str]:
    """What a run was tested on: ``test`` first, then folders, newest first."""
    files = RunFiles(workspace, run_id)
    found = ["test"] if files.test().exists else []
    return found + [each.on for each in files.tests_elsewhere()]
