"""A run's answers on images that it never saw: its own test set, or any folder of class folders."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core import settings
from core.catalog import Catalog
from core.datasets.images import decode
from core.datasets.layout import read_layout
from core.datasets.pixels import load_pixels
from core.errors import InvalidInput, NotFound, UnreadableImage
from core.evaluation import metrics
from core.evaluation.records import Evaluation
from core.progress import Reporter
from core.training.runtime import Compiled
from core.workspace import Workspace, atomic_path, read_json, write_json

_BATCH = 256


def evaluate_run(catalog: Catalog, run_id: str, report: Reporter | None = None) -> Evaluation:
    """Test a trained run on its test set, and keep ``evaluation.json`` and ``predictions.parquet``.

    The headline figures go into the run's summary.

    Raises:
        NotFound: the run has no model (yet), or its images have gone.
    """
    report = report or Reporter()
    started = time.monotonic()
    workspace = catalog.workspace
    run = catalog.runs.get(run_id)
    folder = workspace.run(run.id)
    card = model_card(workspace, run.id)
    table = pd.read_parquet(folder / "split.parquet")
    table = table[table["split"] == "test"].reset_index(drop=True)
    dataset = catalog.datasets.get(run.dataset_id)
    pixels = load_pixels(
        workspace, run.dataset_id, workspace.load_path(dataset.root), table, card["image_size"],
        fit=card["fit"], report=report,
    )  # fmt: skip
    rows = np.flatnonzero(pixels.slots >= 0)
    compiled = Compiled(folder / "model.xml", "float32")
    probabilities = np.zeros((len(rows), len(card["classes"])), np.float32)
    for start in range(0, len(rows), _BATCH):
        report.progress("evaluate", start, len(rows), "Testing on images it has never seen")
        some = rows[start : start + _BATCH]
        probabilities[start : start + len(some)] = compiled.predict(pixels.take(some))
    report.progress("evaluate", len(rows), len(rows), "Testing on images it has never seen")
    tested = table.iloc[rows].reset_index(drop=True)
    left_out = [(item.path, item.why) for item in pixels.failed]
    evaluation, predictions = _judge(
        run.id, "test", card["classes"], tested, probabilities, left_out,
        time.monotonic() - started,
    )  # fmt: skip
    _keep(folder, evaluation, predictions)
    catalog.runs.summarise(
        run.id,
        test_accuracy=evaluation.accuracy,
        test_images=evaluation.images,
        test_low=evaluation.interval.low,
        test_high=evaluation.interval.high,
    )
    return evaluation


def evaluate_folder(
    catalog: Catalog, run_id: str, folder: Path, report: Reporter | None = None
) -> Evaluation:
    """Test a trained run on a folder of class folders that it has nothing to do with.

    Classes are matched by name; images of other classes are left out and listed. Kept below
    ``on/<name>`` in the run's folder, and found again by :func:`load_evaluation`.

    Raises:
        NotFound, InvalidInput: no such folder, or nothing in it that the model knows.
    """
    report = report or Reporter()
    started = time.monotonic()
    run = catalog.runs.get(run_id)
    card = model_card(catalog.workspace, run.id)
    layout = read_layout(folder, max_files=settings.load().max_files, report=report)
    known = set(card["classes"])
    left_out = [(item.path, item.why) for item in layout.skipped]
    files = [file for file in layout.files if file.label in known]
    left_out += [
        (file.path, f"The model doesn't know the class “{file.label}”.")
        for file in layout.files
        if file.label not in known
    ]
    if not files:
        raise InvalidInput(
            "None of the classes in this folder is one that the model knows.",
            file=folder,
            remedy="It knows " + ", ".join(f"“{label}”" for label in card["classes"][:20]) + ".",
        )
    compiled = Compiled(catalog.workspace.run(run.id) / "model.xml", "float32")
    good, answers = [], []
    for start in range(0, len(files), _BATCH):
        report.check()
        report.progress("evaluate", start, len(files), "Testing on new images")
        images = []
        for file in files[start : start + _BATCH]:
            try:
                data = (folder / file.path).read_bytes()
                images.append(decode(data, card["image_size"], fit=card["fit"], file=file.path))
                good.append({"path": file.path, "label": file.label, "hash": ""})
            except UnreadableImage as error:
                left_out.append((file.path, error.title))
            except OSError:
                left_out.append((file.path, "It can't be opened."))
        if images:
            answers.append(compiled.predict(np.stack(images)))
    if not good:
        raise InvalidInput("None of the images in this folder can be read.", file=folder)
    evaluation, predictions = _judge(
        run.id, str(folder), card["classes"], pd.DataFrame(good), np.concatenate(answers),
        left_out, time.monotonic() - started,
    )  # fmt: skip
    _keep(_folder_of(catalog.workspace, run.id, str(folder)), evaluation, predictions)
    return evaluation


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


def load_evaluation(workspace: Workspace, run_id: str, on: str = "test") -> Evaluation:
    """What was found before.

    Raises:
        NotFound: it has not been evaluated.
    """
    path = _folder_of(workspace, run_id, on) / "evaluation.json"
    if not path.exists():
        raise NotFound("This run has no results yet.", remedy="Wait until it is done.")
    return Evaluation.model_validate(read_json(path))


def load_predictions(workspace: Workspace, run_id: str, on: str = "test") -> pd.DataFrame:
    """One row an image: ``path``, ``label``, ``predicted``, ``confidence`` (0 to 1, of the answer),
    ``correct`` (bool), ``hash``, and ``p_0`` … in the order of the model's classes.

    Raises:
        NotFound: it has not been evaluated.
    """
    path = _folder_of(workspace, run_id, on) / "predictions.parquet"
    if not path.exists():
        raise NotFound("This run has no results yet.", remedy="Wait until it is done.")
    return pd.read_parquet(path)


def _folder_of(workspace: Workspace, run_id: str, on: str) -> Path:
    folder = workspace.run(run_id)
    if on == "test":
        return folder
    return folder / "on" / hashlib.blake2b(on.encode(), digest_size=8).hexdigest()


def _judge(
    run_id: str, on: str, classes: Sequence[str], table: pd.DataFrame, probabilities: np.ndarray,
    left_out: list[tuple[str, str]], seconds: float,
) -> tuple[Evaluation, pd.DataFrame]:  # fmt: skip
    number = {label: position for position, label in enumerate(classes)}
    true = table["label"].map(number).to_numpy(dtype=np.int64)
    predicted = probabilities.argmax(axis=1) if len(table) else np.zeros(0, np.int64)
    evaluation = metrics.evaluate(
        run_id, on, classes, true, predicted, left_out=left_out, seconds=round(seconds, 3)
    )
    predictions = pd.DataFrame(
        {
            "path": table["path"],
            "label": table["label"],
            "predicted": [classes[n] for n in predicted],
            "confidence": probabilities.max(axis=1) if len(table) else [],
            "correct": predicted == true,
            "hash": table["hash"],
        }
    )
    columns = pd.DataFrame(probabilities, columns=[f"p_{n}" for n in range(len(classes))])
    return evaluation, pd.concat([predictions, columns], axis=1)


def _keep(folder: Path, evaluation: Evaluation, predictions: pd.DataFrame) -> None:
    with atomic_path(folder / "predictions.parquet") as part:
        predictions.to_parquet(part, index=False)
    write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
