"""The layers of a Keras model as a table, which outlives Keras: it is stored and drawn as
values."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

_MULTIPLYING = {"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense"}


def layer_table(model: Any) -> list[dict[str, Any]]:
    """One entry a layer, in order, those inside layers that are models themselves included.

    Args:
        model: a ``keras.Model``; where it leaves a size open, operations count as none.

    Returns:
        of each its ``name``; ``kind``, Keras's class; ``shape`` of its output without the number of
        images; ``parameters``; and ``flops`` for one image, two for each multiply-add, those of
        convolutions and dense layers (the others are few beside them).
    """
    return [
        {
            "name": layer.name,
            "kind": type(layer).__name__,
            "shape": list(layer.output.shape[1:]),
            "parameters": int(layer.count_params()) if hasattr(layer, "count_params") else 0,
            "flops": _flops(layer),
        }
        for layer in _layers(model)
    ]


def _layers(model: Any, *, inside: bool = False) -> Iterator[Any]:
    from keras import layers

    # Operations rather than layers: some networks add up residuals without a layer for it.
    for layer in getattr(model, "operations", None) or model.layers:
        if isinstance(layer, layers.InputLayer):
            if not inside:
                yield layer
        elif hasattr(layer, "layers"):
            yield from _layers(layer, inside=True)
        elif isinstance(layer, layers.Layer) or isinstance(layer.input, list):
            yield layer


def _flops(layer: Any) -> int:
    if type(layer).__name__ not in _MULTIPLYING:
        return 0
    # Each value of a kernel is used once at every place of the output.
    shape = layer.output.shape[1:-1]
    if None in shape:
        return 0
    places = prod(shape)
    kernels = sum(prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
    return 2 * places * kernels
