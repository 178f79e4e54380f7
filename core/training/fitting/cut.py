"""Cutting a pretrained network in two: a bottom that stays as it is, and a top that is tuned.

The bottom then runs on OpenVINO, several times as fast as in training, and needs no gradients.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

# Shares that are as good as the one asked for.
_CLOSE = 0.1


def places(model: Any) -> list[tuple[Any, float]]:
    """Layers after which the network can be cut, with the share of layers up to each.

    After such a layer nothing but its own output is still needed of what came before. Only layers
    with weights are counted for the shares.
    """
    # Layers and single operations, each after what it needs.
    order = list(model.operations)
    needed_by = {id(layer): _consumers(layer, order) for layer in order}
    total = max(1, sum(_weighs(layer) for layer in order))
    found, last_need, before = [], -1, 0
    for position, layer in enumerate(order):
        before += _weighs(layer)
        # Everything before this layer must have been used up by it.
        alone = last_need <= position and len(_outputs(layer)) == 1
        if position and alone and isinstance(layer, keras.Layer):
            found.append((layer, before / total))
        last_need = max(last_need, max(needed_by[id(layer)], default=len(order)))
    return found


def place_for(model: Any, share: float) -> Any | None:
    """Where to cut so that about ``share`` of the layers, and never more, are below.

    Of the places that come close, the one with the least to hand over. ``None`` if there is none
    with weights below it.
    """
    fitting = [
        (layer, below) for layer, below in places(model) if 0 < below <= min(share + 1e-9, 0.999)
    ]
    if not fitting:
        return None
    close = [layer for layer, below in fitting if below >= fitting[-1][1] - _CLOSE]
    return min(reversed(close), key=lambda layer: int(np.prod(layer.output.shape[1:])))


def split(model: Any, layer: Any) -> tuple[Any, Any]:
    """The bottom (pixels to the layer's output) and the top (from there to the model's output).

    Both share the model's layers and weights.
    """
    bottom = keras.Model(model.inputs[0], layer.output, name="bottom")
    return bottom, keras.Model(layer.output, model.outputs[0], name="top")


def _consumers(operation: Any, order: list[Any]) -> list[int]:
    outputs = {id(tensor) for tensor in _outputs(operation)}
    return [
        position
        for position, other in enumerate(order)
        if other is not operation
        and any(id(tensor) in outputs for tensor in other._inbound_nodes[0].input_tensors)
    ]


def _outputs(operation: Any) -> list[Any]:
    return list(operation._inbound_nodes[0].output_tensors)


def _weighs(operation: Any) -> bool:
    return bool(getattr(operation, "weights", []))
