"""An own network, layer by layer, from the stack that a person has put together."""

from __future__ import annotations

from typing import Any

from core.training.architectures.family import MOMENTUM, Architecture, BuildConfig, begin, finish
from core.training.stack import FEWEST_PIXELS, Layer, check


def build(config: BuildConfig) -> Any:
    """See :attr:`Architecture.build`; :func:`core.training.stack.trace` tells the same without
    Keras.

    Raises:
        InvalidInput: a layer of the stack can't be, naming its number.
    """
    from keras import layers

    check(config.stack, config.size, 1 if config.color == "gray" else 3, config.classes)
    pixels, x = begin(config.size, config.color)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    for number, layer in enumerate(config.stack, 1):
        x = _made(layer, number)(x)
    if len(x.shape) == 4:
        x = layers.GlobalAveragePooling2D()(x)
    return finish(pixels, x, config.classes, config.dropout, "custom")


def _made(layer: Layer, number: int) -> Any:
    from keras import layers

    kind = getattr(layers, layer.kind)
    name = f"layer_{number}_{layer.kind.lower()}"
    match layer.kind:
        case "Conv2D" | "SeparableConv2D":
            return kind(
                layer.filters,
                layer.size,
                strides=layer.step,
                padding=layer.padding,
                activation=layer.activation,
                name=name,
            )
        case "MaxPooling2D" | "AveragePooling2D":
            return kind(layer.size, strides=layer.step, padding=layer.padding, name=name)
        case "BatchNormalization":
            return kind(momentum=MOMENTUM, name=name)
        case "Dropout":
            return kind(layer.rate, name=name)
        case "Dense":
            return kind(layer.filters, activation=layer.activation, name=name)
        case _:
            return kind(name=name)


FAMILIES = (
    Architecture(
        "custom",
        "Own network",
        "Put together layer by layer, with shapes and weights shown as it grows.",
        build,
        smallest=FEWEST_PIXELS,
    ),
)
