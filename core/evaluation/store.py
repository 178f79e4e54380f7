"""What a test leaves in a run's folder: where it lies, how it is written, how it is read.

``evaluation.json`` holds what was found, ``predictions.parquet`` what the model said of each image.
Of the run's own test set they lie in its folder, of other folders below ``on/<name>``.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pandas as pd

from core.datasets.layout import Split
from core.errors import NotFound
from core.evaluation.records import Evaluation
from core.workspace import Workspace, atomic_path, read_json, write_json


def model_card(workspace: Workspace, run_id: str) -> dict:
    """What using a run's model needs: ``classes``, ``image_size``, ``fit``, ``recipe``, …

    Raises:
        NotFound: the run has no finished model.
    """
    folder = workspace.run(run_id)
    if not (folder / "model.xml").exists() or not (folder / "model.json").exists():
        raise NotFound(
            "This run has no finished model.", remedy="Choose one that is done, or train again."
        )
    return dict(read_json(folder / "model.json"))


def evaluation_folder(workspace: Workspace, run_id: str, on: str) -> Path:
    """Where what came of a test is kept; may not exist yet.

    Args:
        on: ``test``, or a folder as :meth:`Workspace.store_path` writes it.
    """
    folder = workspace.run(run_id)
    if on == "test":
        return folder
    return folder / "on" / hashlib.blake2b(on.encode(), digest_size=8).hexdigest()


def load_evaluation(workspace: Workspace, run_id: str, on: str = "test") -> Evaluation:
    """What was found before.

    Raises:
        NotFound: it has not been evaluated.
    """
    path = evaluation_folder(workspace, run_id, on) / "evaluation.json"
    if not path.exists():
        raise NotFound("This run has no results yet.", remedy="Wait until it is done.")
    return Evaluation.model_validate(read_json(path))


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
    """
    path = evaluation_folder(workspace, run_id, on) / "predictions.parquet"
    if not path.exists():
        raise NotFound("This run has no results yet.", remedy="Wait until it is done.")
    table = pd.read_parquet(path)
    return table[table["split"] == split].reset_index(drop=True)


def keep_evaluation(folder: Path, evaluation: Evaluation, predictions: pd.DataFrame) -> None:
    """Write what a test found.

    Args:
        folder: from :func:`evaluation_folder`.
        predictions: as :func:`predictions_table` gives them, of all splits.
    """
    # Figures of an earlier test must not stand beside this one.
    (folder / "scores.json").unlink(missing_ok=True)
    with atomic_path(folder / "predictions.parquet") as part:
        predictions.to_parquet(part, index=False)
    write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))


def drop_derived(kept: Path) -> None:
    """Remove what was made of an earlier test on a folder: its images may be others now."""
    for entry in kept.glob("*"):
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name not in ("evaluation.json", "predictions.parquet"):
            entry.unlink(missing_ok=True)
