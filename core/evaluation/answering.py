"""A run's model for many images at once: its answers, and how far each image lies from what the
model was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.explain.evidence import features_of
from core.evaluation.explain.rules import op
from core.evaluation.out_of_distribution import (
    FILE,
    FOLDED,
    MahalanobisModel,
    find_detector,
    folding,
)
from core.features.runtime import Compiled
from core.quiet import openvino
from core.runs.derived import state_of
from core.runs.files import RunFiles
from core.workspace import Workspace


@dataclass(frozen=True)
class Answering:
    """A run's model for many images: its answers, and how familiar each image is.

    Attributes:
        compiled: gives of each image the answer, and the distance behind it where ``measured``.
    """

    compiled: Compiled
    measured: bool

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of images, uint8 (n, side, side, 3): probabilities, float32 (n, classes), and distances
        as of :class:`~core.evaluation.out_of_distribution.OodScore`, float32 (n,), ``nan`` where
        nobody knows."""
        found = self.compiled.predict(images)
        if not self.measured:
            return found, np.full(len(found), np.nan, np.float32)
        return found[:, :-1], found[:, -1]


def open_answering(workspace: Workspace, run_id: str) -> Answering:
    """A run's model, with its measure if it has one now.

    Raises:
        NotFound: the run has no finished model.
        Damaged: it can't be read.
    """
    files = RunFiles(workspace, run_id)
    detector = find_detector(workspace, run_id)
    if detector is not None:
        model = files.graph()
        features = features_of(model)
        if features is not None and features.partial_shape[1] == detector.measure.inputs:
            answer = model.output(0).get_node().input_value(0)
            far = distances_of(features, detector.measure)
            results = [op().result(op().concat([answer, far], 1))]
            with files.opening():
                both = openvino().Model(results, model.get_parameters(), "answering")
                return Answering(Compiled(both), True)
    return Answering(files.compiled(), False)


def state_of_answering(workspace: Workspace, run_id: str) -> tuple[object, ...]:
    """What is another one once :func:`open_answering` would give something else."""
    files = RunFiles(workspace, run_id)
    return tuple(map(state_of, (*files.network, files.folder / FILE)))


def distances_of(features: Any, measure: MahalanobisModel) -> Any:
    """The distances of :meth:`MahalanobisModel.score`, float32 (n, 1), as OpenVINO's operations.

    In the model that answers they cost a twentieth of it; worked out of its features, a fifth.

    Args:
        features: an output of that model, (n, inputs).
    """
    length = op().maximum(op().reduce_l2(features, np.array([1]), True), np.float32(1e-9))
    folded = _folded(features, measure.inputs)
    found = []
    # Adding up and dividing by the length may change places.
    for space, seen in zip(measure.spaces, (folded, op().divide(folded, length)), strict=True):
        turned = op().matmul(seen, op().constant(space.turn), False, False)
        away = op().subtract(op().unsqueeze(turned, np.array(1)), op().constant(space.means[None]))
        squares = op().reduce_sum(op().multiply(away, away), np.array([2]), False)
        nearest = op().sqrt(op().reduce_min(squares, np.array([1]), True))
        found.append(op().divide(nearest, np.float32(space.usual * measure.limit)))
    return op().maximum(*found)


def _folded(features: Any, count: int) -> Any:
    """:func:`core.evaluation.out_of_distribution.folding` as OpenVINO's operations."""
    plan = folding(count)
    if plan is None:
        return features
    place, sign = plan
    order = np.argsort(place, kind="stable")
    place, sign = place[order], sign[order]
    # Which features are added up at each place, filled up with what counts nothing.
    number = np.arange(count) - np.searchsorted(place, place)
    which = np.zeros((FOLDED, number.max() + 1), np.int64)
    signs = np.zeros(which.shape, np.float32)
    which[place, number], signs[place, number] = order, sign
    each = op().multiply(op().gather(features, which, np.array(1)), signs)
    return op().reduce_sum(each, np.array([2]), False)
