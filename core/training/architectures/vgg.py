"""A small VGG: blocks of two 3 × 3 convolutions and a pooling (Simonyan & Zisserman, 2014).

Widths are a third of the paper's and the wide dense layers are replaced by a mean over the picture,
so that an ordinary computer can train it; batch normalisation lets it learn without a warm start.
"""

from __future__ import annotations

from typing import Any

from core.training.architectures.family import Architecture, BuildConfig, begin, convolve, finish

_WIDTHS = (24, 48, 96, 192)


def build(config: BuildConfig) -> Any:
    """Blocks of two convolutions and a pooling."""
    from keras import layers

    pixels, x = begin(config.size, config.color)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    for width in _WIDTHS:
        x = convolve(convolve(x, width), width)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return finish(pixels, x, config.classes, config.dropout, "vgg")


FAMILIES = (
    Architecture(
        "vgg",
        "VGG-style",
        "Pairs of convolutions with pooling between them, and nothing else: simple, deep enough "
        "for most things, slower than the compact one.",
        build,
    ),
)
