"""A network's layers, gathered into the few blocks that a person can take in. Needs no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from core.training.stack import Row

# What a block is called after a layer that is in it; the first that fits.
_CALLED = {
    "Add": "Residual blocks",
    "SeparableConv2D": "Separable convolutions",
    "DepthwiseConv2D": "Depthwise convolutions",
    "Conv2D": "Convolutions",
}


@dataclass(frozen=True)
class Block:
    """One or several layers that follow each other at one resolution.

    Attributes:
        name: what it is, for people.
        kind: Keras's name of the layer that most of the work is in.
        layers: how many layers.
        shape: of what comes out, without the number of images; empty where it isn't known.
        parameters: weights.
        flops: operations for one image, two for each multiply-add.
    """

    name: str
    kind: str
    layers: int
    shape: tuple[int, ...]
    parameters: int
    flops: int = 0


def from_rows(rows: Sequence[Row]) -> list[Block]:
    """One block a row of an own network; see :func:`core.training.stack.trace`."""
    return [
        Block(
            f"{row.number}. {row.name}" if row.number else row.name,
            row.name,
            1,
            row.shape,
            row.parameters,
            row.flops,
        )
        for row in rows
    ]


def group(table: Sequence[Mapping[str, Any]]) -> list[Block]:
    """One block for the input, one a resolution, one for the features and one for the answer.

    Args:
        table: as from :func:`core.training.architectures.layers.layer_table`.
    """
    places = _places(table)
    return [
        _block(place, [table[at] for at in rows])
        for place, rows in groupby(range(len(table)), key=lambda at: places[at])
    ]


def _places(table: Sequence[Mapping[str, Any]]) -> list[str | int]:
    """Which block each layer belongs to; a resolution by its side.

    Networks go towards fewer pixels, but for layers that pad, gates that squeeze the picture to one
    value a channel, and means that are put aside for later: those stay in the block around them.
    """
    places: list[str | int] = []
    place: str | int = "input"
    for at, layer in enumerate(table):
        side = max((_side(each) for each in table[at:]), default=0)
        if place == "input" and (not layer["flops"] or layer["name"] == "grey"):
            pass
        elif side:
            place = min(place, side) if isinstance(place, int) else side
        elif place != "answer":
            place = "features"
        places.append(place)
        if layer["name"] == "features":
            place = "answer"
    return places


def _side(layer: Mapping[str, Any]) -> int:
    shape = layer["shape"]
    return int(shape[0]) if len(shape) == 3 and layer["kind"] != "ZeroPadding2D" else 0


def _block(place: str | int, layers: Sequence[Mapping[str, Any]]) -> Block:
    kinds = {layer["kind"] for layer in layers}
    if isinstance(place, int):
        name = next((name for kind, name in _CALLED.items() if kind in kinds), "Pooling")
        shapes = [layer["shape"] for layer in layers if _side(layer) == place]
    else:
        name = place.capitalize()
        shapes = [layer["shape"] for layer in layers if layer["kind"] != "ZeroPadding2D"]
    return Block(
        name,
        str(max(layers, key=lambda layer: int(layer["flops"]))["kind"]),
        len(layers),
        tuple(shapes[-1]),
        sum(int(layer["parameters"]) for layer in layers),
        sum(int(layer["flops"]) for layer in layers),
    )
