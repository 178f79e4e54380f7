"""An own network as a list of layers, checked and measured without Keras, layer by layer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from core.complaints import complaint
from core.errors import InvalidInput
from core.text import percent

Kind = Literal[
    "Conv2D",
    "SeparableConv2D",
    "MaxPooling2D",
    "AveragePooling2D",
    "BatchNormalization",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "Dense",
]

FEWEST_PIXELS = 16
MOST_LAYERS = 100
# Of the whole network, and values that one image becomes in one layer: beyond either, an ordinary
# computer runs out of memory before it has learned anything.
MOST_WEIGHTS = 50_000_000
MOST_VALUES = 30_000_000

# Which settings each kind has; the others are ignored.
_CONVOLUTION = ("filters", "size", "strides", "padding", "activation")
_POOLING = ("size", "strides", "padding")
SETTINGS: dict[str, tuple[str, ...]] = {
    "Conv2D": _CONVOLUTION,
    "SeparableConv2D": _CONVOLUTION,
    "MaxPooling2D": _POOLING,
    "AveragePooling2D": _POOLING,
    "BatchNormalization": (),
    "Dropout": ("rate",),
    "Flatten": (),
    "GlobalAveragePooling2D": (),
    "Dense": ("filters", "activation"),
}


class Layer(BaseModel, frozen=True, extra="forbid"):
    """One layer, with Keras's names; settings that its kind doesn't have are ignored.

    Attributes:
        filters: of convolutions; units of ``Dense``.
        size: side of the kernel or of the pooling window.
        strides: 0 means 1 for convolutions and the window's size for pooling.
        rate: of ``Dropout``.
    """

    kind: Kind
    filters: int = Field(default=32, ge=1, le=4096)
    size: int = Field(default=3, ge=1, le=31)
    strides: int = Field(default=0, ge=0, le=8)
    padding: Literal["same", "valid"] = "same"
    activation: Literal["relu", "gelu", "silu", "tanh", "sigmoid", "elu", "linear"] = "relu"
    rate: float = Field(default=0.25, ge=0, lt=1)

    @property
    def step(self) -> int:
        """The strides that are meant."""
        return self.strides or (self.size if self.kind in _POOLINGS else 1)


_POOLINGS = ("MaxPooling2D", "AveragePooling2D")
_ON_PICTURES = ("Conv2D", "SeparableConv2D", *_POOLINGS, "GlobalAveragePooling2D")


@dataclass(frozen=True)
class Row:
    """What becomes of one image in one layer.

    Attributes:
        number: of the layer in the stack, from 1; 0 for what is added before and after.
        name: its kind, or what it is.
        detail: its settings in a few words.
        shape: of what comes out of it, without the number of images; empty after an error.
        parameters: weights, those included that training only averages.
        flops: operations for one image, counted as two for each multiply-add.
        error: why this layer can't be, as a sentence; empty if it can.
    """

    number: int
    name: str
    detail: str
    shape: tuple[int, ...]
    parameters: int = 0
    flops: int = 0
    error: str = ""


def trace(stack: Sequence[Layer], size: int, channels: int, classes: int) -> list[Row]:
    """Shapes, weights and operations of every layer, as Keras would make them.

    What Lightbox adds is in rows of its own: the input (with the layer that leaves grey, where
    ``channels`` is 1), the mean over the picture where the stack doesn't end in a vector, and the
    answer. Operations are those of convolutions and dense layers, two for each multiply-add; the
    others are few beside them.

    Args:
        size: side of the images, in pixels.
        channels: 3, or 1 for grey.

    Returns:
        one row a layer and those that are added; what follows an error has no shape.
    """
    first = Row(0, "Input", "RGB pixels, scaled to −1 … 1", (size, size, 3))
    rows = [first]
    if channels == 1:
        rows.append(Row(0, "Grey", "lightness only", (size, size, 1), 3, 2 * 3 * size * size))
    shape: tuple[int, ...] = (size, size, channels)
    weights = rows[-1].parameters
    for number, layer in enumerate(stack, 1):
        row = Row(number, layer.kind, describe(layer), ())
        if shape:
            row = _checked(_after(row, layer, shape), weights)
            shape, weights = row.shape, weights + row.parameters
        rows.append(row)
    if len(shape) == 3:
        rows.append(Row(0, "GlobalAveragePooling2D", "added: the mean over the picture", shape[2:]))
        shape = shape[2:]
    last = Row(0, "Dense", f"added: one probability for each of {classes} classes", ())
    if shape:
        dense = Layer.model_construct(kind="Dense", filters=classes)
        last = _checked(_after(last, dense, shape), weights)
    return [*rows, last]


def check(stack: Sequence[Layer], size: int, channels: int, classes: int) -> None:
    """Refuse a stack that can't be built.

    Raises:
        InvalidInput: naming the first layer that can't be, by its number and kind.
    """
    if not stack:
        raise InvalidInput(
            "The own network has no layers yet.", remedy="Add some, or start from a template."
        )
    if len(stack) > MOST_LAYERS:
        raise InvalidInput(
            f"The own network has {len(stack)} layers, more than {MOST_LAYERS}.",
            remedy="Remove some.",
        )
    for row in trace(stack, size, channels, classes):
        if row.error:
            where = f"Layer {row.number}" if row.number else "The answer’s layer"
            raise InvalidInput(f"{where} ({row.name}) doesn't fit.", remedy=row.error)


def describe(layer: Layer) -> str:
    """A layer's settings in a few words."""
    window = f"{layer.size} × {layer.size}"
    match layer.kind:
        case "Conv2D" | "SeparableConv2D":
            words = [f"{layer.filters} × {window}", layer.activation]
        case "MaxPooling2D" | "AveragePooling2D":
            words = [window]
        case "Dense":
            return f"{layer.filters}, {layer.activation}"
        case "Dropout":
            return percent(layer.rate, 0)
        case _:
            return ""
    if layer.step != (layer.size if layer.kind in _POOLINGS else 1):
        words.append(f"strides {layer.step}")
    if layer.padding == "valid":
        words.append("no padding")
    return ", ".join(words)


def _after(row: Row, layer: Layer, shape: tuple[int, ...]) -> Row:
    """The row of a layer that is given ``shape``."""
    kind = layer.kind
    if len(shape) == 1 and kind in _ON_PICTURES:
        return replace(
            row,
            error="It needs a picture, but the layers before it have made a plain list of numbers. "
            "Move it up, before Flatten, GlobalAveragePooling2D and Dense.",
        )
    if len(shape) == 1 and kind == "Flatten":
        return replace(row, error="What reaches it is flat already. Remove it.")
    if len(shape) == 3 and kind == "Dense":
        return replace(
            row,
            error="It needs a plain list of numbers, but what reaches it is still a picture. Put "
            "GlobalAveragePooling2D or Flatten before it.",
        )
    if kind == "BatchNormalization":
        return replace(row, shape=shape, parameters=4 * shape[-1])
    if kind == "Dropout":
        return replace(row, shape=shape)
    if kind == "Dense":
        inputs, units = shape[0], layer.filters
        return replace(
            row, shape=(units,), parameters=(inputs + 1) * units, flops=2 * inputs * units
        )
    height, _, channels = shape
    if kind == "Flatten":
        return replace(row, shape=(height * height * channels,))
    if kind == "GlobalAveragePooling2D":
        return replace(row, shape=(channels,))
    return _over_picture(row, layer, height, channels)


def _over_picture(row: Row, layer: Layer, side: int, channels: int) -> Row:
    """The row of a convolution or pooling, which slides a window over the picture."""
    pools = layer.kind in _POOLINGS
    if pools and side == 1 and layer.size > 1:
        return replace(
            row,
            error="The picture is only 1 × 1 here, so there is nothing left to pool. Remove it, or "
            "use larger images.",
        )
    if layer.padding == "valid" and layer.size > side:
        return replace(
            row,
            error=f"Its window of {layer.size} × {layer.size} is larger than the picture, which is "
            f"only {side} × {side} here. Use a smaller window, padding “same”, fewer poolings "
            "before it, or larger images.",
        )
    span = side if layer.padding == "same" else side - layer.size + 1
    out = -(-span // layer.step)
    if pools:
        return replace(row, shape=(out, out, channels))
    window, filters = layer.size**2, layer.filters
    if layer.kind == "Conv2D":
        weights = window * channels * filters
    else:
        weights = window * channels + channels * filters
    return replace(
        row,
        shape=(out, out, filters),
        parameters=weights + filters,
        flops=2 * weights * out * out,
    )


def _checked(row: Row, weights: int) -> Row:
    """The row, with an error where it makes the network too large for an ordinary computer."""
    error = row.error
    if weights + row.parameters > MOST_WEIGHTS:
        advice = (
            "Add pooling before it, or GlobalAveragePooling2D in place of Flatten."
            if row.name == "Dense"
            else "Use fewer filters."
        )
        error = (
            f"With it the network has {(weights + row.parameters) / 1e6:,.0f} million weights, "
            f"more than {MOST_WEIGHTS // 10**6} million. {advice}"
        )
    elif len(row.shape) == 3 and row.shape[0] * row.shape[1] * row.shape[2] > MOST_VALUES:
        error = (
            f"What comes out of it is too large: {row.shape[0]} × {row.shape[1]} × {row.shape[2]} "
            "numbers for every image. Add pooling before it, or use fewer filters."
        )
    return replace(row, shape=(), error=error) if error else row


def to_json(stack: Sequence[Layer]) -> str:
    """The stack as JSON text: a list of layers, each with the settings that its kind has."""
    layers = [
        {"kind": layer.kind} | {name: getattr(layer, name) for name in SETTINGS[layer.kind]}
        for layer in stack
    ]
    return json.dumps({"layers": layers}, indent=1)


def from_json(text: str) -> tuple[Layer, ...]:
    """The stack that :func:`to_json` wrote, or a bare list of layers.

    Raises:
        InvalidInput: it is no such text; the sentence names the layer and its setting.
    """
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise _not_ours("is no JSON") from error
    layers = data.get("layers") if isinstance(data, dict) else data
    if not isinstance(layers, list):
        raise _not_ours("has no list of layers")
    if len(layers) > MOST_LAYERS:
        raise InvalidInput(
            f"The network in this file has {len(layers)} layers, more than {MOST_LAYERS}.",
            remedy="Remove some.",
        )
    return tuple(_read(number, value) for number, value in enumerate(layers, 1))


def _not_ours(why: str) -> InvalidInput:
    return InvalidInput(
        f"This is not a network that Lightbox has written: it {why}.",
        remedy="Choose a file that was exported here.",
    )


def _read(number: int, value: Any) -> Layer:
    try:
        return Layer.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            sentence = f"Layer {number} is not a layer."
        elif first["type"] == "missing":
            sentence = f"Layer {number} has no {first['loc'][0]}."
        elif first["type"] == "extra_forbidden":
            sentence = f"Layer {number} has a setting “{first['loc'][0]}” that there isn't."
        else:
            sentence = (
                f"Layer {number} has {first['loc'][0]} {first['input']!r}, which "
                f"{complaint(first)}."
            )
        raise InvalidInput(sentence, remedy="Put that right in the file.") from error
