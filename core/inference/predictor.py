"""A trained model that answers: images as bytes in, labelled probabilities out.

Decoding and resizing are training's own, so a model meets the pixels that it knows. Models that
were used last stay loaded; all are safe to share between threads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.errors import UnreadableImage
from core.features.kept import Kept
from core.inference.micro_batching import MOST, MicroBatcher
from core.runs.derived import state_of
from core.runs.files import RunFiles
from core.text import as_csv, as_text, cell
from core.workspace import Workspace

_KEEP_LOADED = 5
# So many decoded images are held at once, however many are asked about.
_BATCH = 64


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
        files = RunFiles(workspace, run_id)
        info = files.model()
        self.run_id = run_id
        self.classes: list[str] = list(info.classes)
        self.image_size: int = info.image_size
        self.info = info
        self._compiled = files.compiled(answer_soon=True)
        self._micro_batcher = MicroBatcher(self._compiled.predict)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """float32 (n, classes) for uint8 images of shape (n, image_size, image_size, 3)."""
        if len(images) > MOST:
            return self._compiled.predict(images)  # nobody's single image waits for all of these
        return self._micro_batcher(images)

    def predict(self, files: Iterable[tuple[str, bytes]], top: int = 5) -> list[Prediction]:
        """Answers for image files, in their order; one that can't be read has an error instead.

        Args:
            files: pairs of name and content.
            top: how many classes to name, at least 1.
        """
        started = time.perf_counter()
        files = list(files)
        answers: list[np.ndarray | str] = []
        for start in range(0, len(files), _BATCH):
            answers += self._answer(files[start : start + _BATCH])
        each = (time.perf_counter() - started) * 1000 / max(1, len(files))
        predictions = []
        for (name, _), answer in zip(files, answers, strict=True):
            if isinstance(answer, str):
                predictions.append(Prediction(name, "", 0.0, (), answer, each))
                continue
            order = np.argsort(-answer, kind="stable")[: max(1, top)]
            best = tuple((self.classes[n], float(answer[n])) for n in order)
            predictions.append(Prediction(name, best[0][0], best[0][1], best, "", each))
        return predictions

    def _answer(self, files: list[tuple[str, bytes]]) -> list[np.ndarray | str]:
        """Each file's probabilities, or the sentence that says why there are none."""
        if len(files) > 1:
            with ThreadPoolExecutor(min(len(files), os.cpu_count() or 2)) as pool:
                opened = list(pool.map(self._decode, files))
        else:
            opened = [self._decode(file) for file in files]
        images = [image for image in opened if not isinstance(image, str)]
        rows = iter(self.probabilities(np.stack(images)) if images else [])
        return [image if isinstance(image, str) else next(rows) for image in opened]

    def _decode(self, file: tuple[str, bytes]) -> np.ndarray | str:
        name, data = file
        try:
            return self.info.decode(data, file=name)
        except UnreadableImage as error:
            return str(error)


_loaded: Kept[Predictor] = Kept(_KEEP_LOADED)


def open_predictor(workspace: Workspace, run_id: str) -> Predictor:
    """The predictor of a run; loaded once, until others have pushed it out or it was retrained.

    Two threads that ask for the same model get the same one, and neither waits for other models.

    Raises:
        NotFound: the run has no finished model.
    """
    path = RunFiles(workspace, run_id).openvino
    state = (state_of(path), state_of(path.with_suffix(".json")))
    return _loaded.get(path, state, lambda: Predictor(workspace, run_id))


def loaded_models() -> int:
    """How many models are loaded in this process now, 0 to 5."""
    return len(_loaded)


def to_csv(predictions: Iterable[Prediction], classes: list[str]) -> str:
    """A table with one row an image: file, answer, confidence, error, and every named class.

    The file's name stays as it is, so that programs find the file by it; other cells that a
    spreadsheet would take for a formula are quoted with an apostrophe.
    """
    rows = []
    for item in predictions:
        named = dict(item.top)
        rows.append(
            [
                as_text(item.name),
                cell(item.label),
                f"{item.confidence:.6f}" if item.label else "",
                cell(item.error),
                *(f"{named[label]:.6f}" if label in named else "" for label in classes),
            ]
        )
    return as_csv(["file", "prediction", "confidence", "error", *map(cell, classes)], rows)
