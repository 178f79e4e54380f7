"""A network's convolutions: their filters, and what each makes of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.evaluation.explain.asked import Asked
from core.evaluation.explain.evidence import depends
from core.features.kept import Kept
from core.quiet import openvino
from core.runs.derived import state_of
from core.runs.files import RunFiles
from core.workspace import Workspace

_KINDS = ("Convolution", "GroupConvolution")
# What belongs to a convolution when it comes right after it, for one input and a constant.
_AFTER = {
    "Add",
    "Multiply",
    "Subtract",
    "Relu",
    "Clamp",
    "Swish",
    "HSwish",
    "Gelu",
    "Elu",
    "Sigmoid",
    "Tanh",
}
_KEEP_LOADED = 6


@dataclass(frozen=True)
class Convolution:
    """One layer.

    Attributes:
        number: from 1, in the order in which an image goes through.
        filters: how many, which is how many maps it makes.
        inputs: channels that each filter sees; 1 where each sees a channel of its own.
        kernel: height and width of a filter.
        places: height and width of a map.
    """

    number: int
    filters: int
    inputs: int
    kernel: tuple[int, int]
    places: tuple[int, int]

    @property
    def title(self) -> str:
        """``3: 64 filters of 3 × 3, maps of 28 × 28``."""
        return (
            f"{self.number}: {self.filters:,} filters of {self.kernel[0]} × {self.kernel[1]}, "
            f"maps of {self.places[0]} × {self.places[1]}"
        )


def convolutions(workspace: Workspace, run_id: str) -> list[Convolution]:
    """All convolutions of a run's model.

    Raises:
        NotFound: the run has no finished model.
    """
    return [
        _described(number, node) for number, node in enumerate(_nodes(_model(workspace, run_id)), 1)
    ]


def filters(workspace: Workspace, run_id: str, number: int) -> np.ndarray:
    """The weights of a layer's filters, batch normalisation included.

    Args:
        number: of the layer, from 1.

    Returns:
        float32, shape (filters, inputs, height, width).

    Raises:
        InvalidInput: there is no such layer, or its weights are computed.
    """
    node = _node(_model(workspace, run_id), number)
    weights = node.input_value(1).get_node()
    if weights.get_type_name() != "Constant":
        raise InvalidInput("The filters of this layer are not fixed, so they can't be shown.")
    data = np.array(weights.data, np.float32)
    return data.reshape(-1, *data.shape[-3:])


def feature_maps(workspace: Workspace, run_id: str, number: int, images: np.ndarray) -> np.ndarray:
    """What a layer makes of images, its activation included where that follows at once.

    Args:
        number: of the layer, from 1.
        images: uint8, shape (n, image_size, image_size, 3).

    Returns:
        float32, shape (n, filters, height, width).

    Raises:
        InvalidInput: there is no such layer.
        NotFound: the run has no finished model.
    """
    path = RunFiles(workspace, run_id).openvino
    asked = _loaded.get((path, number), state_of(path), lambda: _asked(workspace, run_id, number))
    return asked(images)[0]


def _asked(workspace: Workspace, run_id: str, number: int) -> Asked:
    """The model up to a layer."""
    model = _model(workspace, run_id)
    value = _activated(_node(model, number), depends(model))
    ov = openvino()
    result = ov.opset13.result(value)
    return Asked(ov.Model([result], model.get_parameters(), "maps"))


def as_pictures(filters: np.ndarray) -> np.ndarray:
    """Filters for the eye, each scaled for itself.

    Those that see three channels are taken for colours. Of others the channel is shown that the
    filter weighs most.

    Args:
        filters: as :func:`filters` returns them.

    Returns:
        uint8, shape (filters, height, width, 3). Grey (128) is a weight of 0.
    """
    if filters.shape[1] != 3:
        strength = np.abs(filters).sum(axis=(2, 3))
        best = filters[np.arange(len(filters)), strength.argmax(axis=1)]
        filters = np.repeat(best[:, None], 3, axis=1)
    most = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    scaled = np.divide(filters, most, out=np.zeros_like(filters), where=most > 0)
    return (128 + 127 * scaled).round().astype(np.uint8).transpose(0, 2, 3, 1)


def strongest(maps: np.ndarray, most: int) -> np.ndarray:
    """Positions of an image's maps that say the most, the strongest first.

    Args:
        maps: float32, shape (filters, height, width).
        most: how many are wanted.

    Returns:
        int64, at most ``most``: by the spread of their values, since a map that is the same
        everywhere shows nothing.
    """
    return np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:most]


_loaded: Kept[Asked] = Kept(_KEEP_LOADED)


def _model(workspace: Workspace, run_id: str) -> Any:
    files = RunFiles(workspace, run_id)
    files.model()  # says so if there is none
    return files.graph()


def _nodes(model: Any) -> list[Any]:
    return [node for node in model.get_ordered_ops() if node.get_type_name() in _KINDS]


def _node(model: Any, number: int) -> Any:
    nodes = _nodes(model)
    if not 1 <= number <= len(nodes):
        raise InvalidInput(
            f"This network has no convolution {number}.",
            remedy=f"It has 1 to {len(nodes)}." if nodes else "It has none at all.",
        )
    return nodes[number - 1]


def _described(number: int, node: Any) -> Convolution:
    weights = [int(size.get_length()) for size in node.input_value(1).partial_shape]
    shape = [int(size.get_length()) for size in list(node.output(0).partial_shape)[1:]]
    return Convolution(
        number, shape[0], weights[-3], (weights[-2], weights[-1]), (shape[1], shape[2])
    )


def _activated(node: Any, live: set[str]) -> Any:
    """The output of a convolution's activation, or its own where something else follows."""
    value = node.output(0)
    while True:
        readers = [reader.get_node() for reader in value.get_target_inputs()]
        if len(readers) != 1 or readers[0].get_type_name() not in _AFTER:
            return value
        alive = [each.get_node().get_name() in live for each in readers[0].input_values()]
        if sum(alive) != 1:
            return value
        value = readers[0].output(0)
