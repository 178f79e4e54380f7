"""The way down of a U-Net (Ronneberger et al., 2015), for classification.

A U-Net hands the features of every level over to its way up ("skips"). Here, where only the class
is asked for, each level's features are averaged over the picture and joined instead, so that the
answer rests on fine texture and on overall form alike.
"""

from __future__ import annotations

from typing import Any

from core.training.architectures.family import Architecture, BuildConfig, begin, convolve, finish

_WIDTHS = (16, 32, 64, 128, 192)


def build(config: BuildConfig) -> Any:
    """Five levels, each of which is averaged over the picture and has its say."""
    from keras import layers

    pixels, x = begin(config.size, config.color)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    skips = []
    for level, width in enumerate(_WIDTHS):
        if level:
            x = layers.MaxPooling2D()(x)
        x = convolve(convolve(x, width), width)
        skips.append(layers.GlobalAveragePooling2D()(x))
    x = layers.Concatenate()(skips)
    return finish(pixels, x, config.classes, config.dropout, "unet")


FAMILIES = (
    Architecture(
        "unet",
        "U-Net encoder",
        "Looks at five resolutions and decides by all of them at once. Good where fine texture "
        "matters as much as form, as in microscopy and materials.",
        build,
    ),
)
