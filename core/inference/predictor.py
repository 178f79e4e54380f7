"""A trained model that answers: images as bytes in, labelled probabilities out.

Decoding and resizing are training's own, so a model meets the pixels that it knows. Models that
were used last stay loaded; all are safe to share between threads.
"""

from __future__ import annotations

import csv
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.images import decode
from core.errors import UnreadableImage
from core.evaluation.evaluate import model_card
from core.training.runtime import Compiled
from core.workspace import Workspace

_KEEP_LOADED = 5


@dataclass(frozen=True)
class Prediction:
    """The answer about one image.

    Attributes:
        name: the file's.
        label: the most probable class; "" if the image could not be read.
        confidence: its probability, 0 to 1.
        top: the most probable classes with their probabilities, highest first.
        error: a sentence, when the image could not be read; else "".
        milliseconds: from bytes to answer, for this image on average over its batch.
    """

    name: str
    label: str
    confidence: float
    top: tuple[tuple[str, float], ...]
    error: str
    milliseconds: float


class Predictor:
    """One loaded model. Make it with :func:`open_predictor`."""

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        card = model_card(workspace, run_id)
        self.run_id = run_id
        self.classes: list[str] = card["classes"]
        self.image_size: int = card["image_size"]
        self.fit = card["fit"]
        self._compiled = Compiled(workspace.run(run_id) / "model.xml", "float32")

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """float32 (n, classes) for uint8 images of shape (n, image_size, image_size, 3)."""
        return self._compiled.predict(images)

    def predict(self, files: Iterable[tuple[str, bytes]], top: int = 5) -> list[Prediction]:
        """Answers for image files, in their order; one that can't be read has an error instead.

        Args:
            files: pairs of name and content.
            top: how many classes to name, at least 1.
        """
        started = time.perf_counter()
        files = list(files)
        images: list[np.ndarray] = []
        errors: dict[int, str] = {}
        for number, (name, data) in enumerate(files):
            try:
                images.append(decode(data, self.image_size, fit=self.fit, file=name))
            except UnreadableImage as error:
                errors[number] = str(error)
        answers = iter(self.probabilities(np.stack(images)) if images else [])
        each = (time.perf_counter() - started) * 1000 / max(1, len(files))
        predictions = []
        for number, (name, _) in enumerate(files):
            if number in errors:
                predictions.append(Prediction(name, "", 0.0, (), errors[number], each))
                continue
            row = next(answers)
            order = np.argsort(-row, kind="stable")[: max(1, top)]
            best = tuple((self.classes[n], float(row[n])) for n in order)
            predictions.append(Prediction(name, best[0][0], best[0][1], best, "", each))
        return predictions


_loaded: OrderedDict[tuple[Path, int], Predictor] = OrderedDict()
_lock = threading.Lock()


def open_predictor(workspace: Workspace, run_id: str) -> Predictor:
    """The predictor of a run; loaded once, until others have pushed it out or it was retrained.

    Raises:
        NotFound: the run has no finished model.
    """
    path = workspace.run(run_id) / "model.xml"
    key = (path, path.stat().st_mtime_ns if path.exists() else 0)
    with _lock:
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key]
        predictor = _loaded[key] = Predictor(workspace, run_id)
        while len(_loaded) > _KEEP_LOADED:
            _loaded.popitem(last=False)
        return predictor


def to_csv(predictions: Iterable[Prediction], classes: list[str]) -> str:
    """A table with one row an image: file, answer, confidence, error, and every named class.

    Cells that a spreadsheet would take for a formula are quoted with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file", "prediction", "confidence", "error", *map(_plain, classes)])
    for item in predictions:
        named = dict(item.top)
        writer.writerow(
            [
                _plain(item.name),
                _plain(item.label),
                f"{item.confidence:.6f}" if item.label else "",
                _plain(item.error),
                *(f"{named[label]:.6f}" if label in named else "" for label in classes),
            ]
        )
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
