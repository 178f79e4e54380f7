"""A network's layers: as a table, which outlives Keras; gathered into the few blocks that a person
can take in; and these as a drawing, an SVG from top to bottom that fits a phone, in the colour of
the text.

In it each block is a bar, as wide as its picture and as high as it has channels, both on a scale
that keeps the small ones visible; a list of numbers is a round one. Only the table needs Keras.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log2, prod, sqrt
from typing import Any

from core.text import escape_html
from core.training.stack import Row

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
        table: as from :func:`layer_table`.
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


_WIDTH = 380
_ROW = 58
_MIDDLE = 62  # of the bars
_WIDEST = 104
_TEXT = 130


def diagram(blocks: Sequence[Block], title: str = "The network") -> str:
    """The blocks as a self-contained ``<svg>`` element, to be put into a page as it is.

    Args:
        title: what it shows, read out in its place to who can't see it, with every block.
    """
    height = _ROW * max(1, len(blocks))
    widest = max((block.shape[0] for block in blocks if len(block.shape) == 3), default=1)
    described = "; ".join(f"{block.name}: {_detail(block)}" for block in blocks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'width="100%" style="max-width:{_WIDTH}px" font-family="system-ui, sans-serif" '
        f'fill="currentColor"><title>{escape_html(title)}</title><desc>{escape_html(described)}</desc>'
    ]
    for number, block in enumerate(blocks):
        parts += _bar(block, number * _ROW, widest, last=number == len(blocks) - 1)
    return "".join([*parts, "</svg>"])


def _bar(block: Block, top: int, widest: int, *, last: bool) -> list[str]:
    width, height, round_by = _sizes(block, widest)
    middle = top + (_ROW - 14) / 2
    left, y = _MIDDLE - width / 2, middle - height / 2
    dashes = "" if block.shape else ' stroke-dasharray="4 3"'
    parts = [
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{round_by:.1f}" fill-opacity="0.14" stroke="currentColor" stroke-opacity="0.6"'
        f"{dashes}/>",
        f'<text x="{_TEXT}" y="{middle - 3:.1f}" font-size="13" font-weight="600">'
        f"{escape_html(block.name)}{_how_many(block)}</text>",
        f'<text x="{_TEXT}" y="{middle + 13:.1f}" font-size="12" fill-opacity="0.75">'
        f"{escape_html(_detail(block))}</text>",
    ]
    if not last:
        start, end = top + _ROW - 13, top + _ROW - 1
        parts.append(
            f'<path d="M{_MIDDLE} {start}V{end}m-3 -4l3 4l3 -4" fill="none" '
            'stroke="currentColor" stroke-opacity="0.6"/>'
        )
    return parts


def _sizes(block: Block, widest: int) -> tuple[float, float, float]:
    """Width, height and how round the corners are."""
    channels = block.shape[-1] if block.shape else 1
    height = 10 + 30 * min(1.0, log2(channels + 1) / 12)
    if len(block.shape) == 3:
        return max(10.0, _WIDEST * sqrt(block.shape[0] / widest)), height, 2.0
    return _WIDEST / 4, height, height / 3


def _how_many(block: Block) -> str:
    if block.layers == 1:
        return ""
    return f'<tspan font-weight="400" fill-opacity="0.75"> · {block.layers} layers</tspan>'


def _detail(block: Block) -> str:
    words = [" × ".join(f"{length:,}" for length in block.shape) or "?"]
    if block.parameters:
        words.append(f"{_short(block.parameters)} weights")
    return " · ".join(words)


def _short(number: int) -> str:
    if number >= 10_000_000:
        return f"{number / 1e6:.0f} M"
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 10_000 else f"{number:,}"
