"""The CNN of most tutorials: convolutions, pooling, dropout, one wide dense layer."""

from __future__ import annotations

from typing import Any

from core.training.architectures.family import Architecture, BuildConfig, begin, finish


def build(config: BuildConfig) -> Any:
    """Three convolutions with pooling, then one wide dense layer."""
    from keras import layers

    pixels, x = begin(config.size, config.color)
    x = layers.Rescaling(1 / 255)(x)
    for width in (32, 64, 128):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    if config.dropout:
        x = layers.Dropout(config.dropout / 2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    return finish(pixels, x, config.classes, config.dropout, "classic")


FAMILIES = (
    Architecture(
        "classic",
        "Classic CNN",
        "Three convolutions with pooling and one wide dense layer, as in most tutorials.",
        build,
    ),
)
