"""What a test has left in a run's folder, as evaluation's own values.

Where it lies, and what is said of it where it is damaged, is :mod:`core.runs.files`' business.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.datasets.layout import Split
from core.evaluation.records import Evaluation
from core.runs.files import RunFiles
from core.workspace import Workspace

_COLUMNS = ("path", "label", "predicted", "confidence", "correct", "hash", "split")


def evaluation_folder(workspace: Workspace, run_id: str, on: str) -> Path:
    """Where what came of a test is kept; may not exist yet.

    Args:
        on: ``test``, or a folder as :meth:`Workspace.store_path` writes it.
    """
    return RunFiles(workspace, run_id).test(on).folder


def load_evaluation(workspace: Workspace, run_id: str, on: str = "test") -> Evaluation:
    """What was found before.

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
    table = RunFiles(workspace, run_id).test(on).read_predictions(_COLUMNS)
    return table[table["split"] == split].reset_index(drop=True)
