"""The CNN of most tutorials: convolutions, pooling, dropout, one wide dense layer."""

from __future__ import annotations

from typing import Any


def build(size: int, classes: int) -> Any:
    """A ``keras.Model`` from RGB pixels 0..255, shape (n, size, size, 3), to probabilities."""
    import keras
    from keras import layers

    pixels = keras.Input((size, size, 3), name="pixels")
    x = layers.Rescaling(1 / 255)(pixels)
    for width in (32, 64, 128):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    logits = layers.Dense(classes, name="logits")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name="classic")
