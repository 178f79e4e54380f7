"""What in an image speaks for a class, according to a run's model: answers with their heat maps.

By gradients where the model's end is of a kind that slopes can be followed through, which is exact
and takes about a millisecond an image; else by covering parts of the image.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.evaluation.explain.asked import Asked
from core.evaluation.explain.evidence import features_of, shares, with_evidence
from core.evaluation.explain.occlusion import PLACES, occlude
from core.evaluation.explain.rules import NoRule
from core.features.kept import Kept
from core.quiet import openvino
from core.runs.derived import state_of
from core.runs.files import RunFiles
from core.workspace import Workspace

Method = Literal["gradients", "occlusion"]
_BATCH = 32
_KEEP_LOADED = 4


class Explainer:
    """One loaded model. Make it with :func:`open_explainer`; safe to share between threads.

    Attributes:
        info: its classes, and how it wants images.
        method: how its heat maps are made.
        why_not: what keeps slopes from being followed; "" where they are.
        places: height and width of its heat maps.
    """

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        files = RunFiles(workspace, run_id)
        self.info = files.model()
        self.method: Method = "gradients"
        self.why_not = ""
        ov = openvino()
        model = files.graph()
        try:
            model = with_evidence(model)
            shape = list(model.output(2).partial_shape)
            self.places = (int(shape[1].get_length()), int(shape[2].get_length()))
            self._has_features = True
        except NoRule as reason:
            self.method, self.why_not = "occlusion", str(reason)
            self.places = (min(PLACES, self.info.image_size),) * 2
            features = features_of(model)
            self._has_features = features is not None
            if features is not None:
                # A model that looks several times exports the sizes of its looks besides.
                answer = model.output(0).get_node().input_value(0)
                results = [ov.opset13.result(value) for value in (answer, features)]
                model = ov.Model(results, model.get_parameters(), "features")
        with files.opening():
            self._asked = Asked(model)

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What the model says, and what it says it by.

        Args:
            images: uint8, shape (n, image_size, image_size, 3).

        Returns:
            probabilities, float32 (n, classes); and features, float32 (n, F): what its last dense
            layer weighs, or ``None`` if it has none.
        """
        probabilities, *more = self._ask(images, np.zeros(len(images), np.int64))
        return probabilities, more[0] if self._has_features else None

    def evidence(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """What each place adds to a class's score: signed, in no unit that images share.

        Args:
            images: as in :meth:`answer`.
            classes: int, shape (n,): for each image the class that is asked about.

        Returns:
            float32, shape (n, *places).
        """
        if self.method == "occlusion":
            return occlude(lambda batch: self.answer(batch)[0], images, classes)
        return self._ask(images, classes)[2]

    def heat(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """:meth:`evidence` for the class only, each image's strongest place at 1.

        Returns:
            float32, shape (n, *places), 0 to 1; all 0 where nothing speaks for the class.
        """
        positive = np.maximum(self.evidence(images, classes), 0)
        most = positive.max(axis=(1, 2), keepdims=True, initial=0)
        return np.divide(positive, most, out=np.zeros_like(positive), where=most > 0)

    def _ask(self, images: np.ndarray, classes: np.ndarray) -> list[np.ndarray]:
        """All outputs, of some images at a time."""
        if not len(images):
            black = np.zeros((1, self.info.image_size, self.info.image_size, 3), np.uint8)
            return [output[:0] for output in self._ask(black, np.zeros(1, np.int64))]
        target = np.zeros((len(images), len(self.info.classes)), np.float32)
        target[np.arange(len(images)), classes] = 1
        inputs = (images,) if self.method == "occlusion" else (images, target)
        parts = [
            self._asked(*(each[start : start + _BATCH] for each in inputs))
            for start in range(0, len(images), _BATCH)
        ]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def ninths(heat: np.ndarray) -> np.ndarray:
    """The share of a heat map in each ninth of its picture.

    Args:
        heat: float, shape (h, w), at least 0.

    Returns:
        float64, shape (3, 3), summing up to 1, or all 0 where there is no heat.
    """
    down, across = (shares(length, 3) for length in heat.shape)
    found = down @ heat.astype(np.float64) @ across.T
    total = found.sum()
    return found / total if total > 0 else found


_loaded: Kept[Explainer] = Kept(_KEEP_LOADED)


def open_explainer(workspace: Workspace, run_id: str) -> Explainer:
    """The explainer of a run; loaded once, until others have pushed it out or it was retrained.

    Two threads that ask for the same model get the same one, and neither waits for other models.

    Raises:
        NotFound: the run has no finished model.
    """
    path = RunFiles(workspace, run_id).openvino
    return _loaded.get(path, state_of(path), lambda: Explainer(workspace, run_id))
