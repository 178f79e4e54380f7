"""A fitted head as a Keras model of Keras's own layers, so that it is saved and opened anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.training.heads.head import Step


def as_model(steps: Sequence[Step]) -> Any:
    """A ``keras.Model`` named ``head`` from features (n, f) to probabilities (n, classes).

    Args:
        steps: from features to the softmax's inputs.
    """
    import keras
    from keras import layers

    vector = x = keras.Input((steps[0].kernel.shape[0],), name="features")
    values = []
    for number, step in enumerate(steps, 1):
        name = "logits" if number == len(steps) else f"step_{number}"
        plain = step.activation in ("linear", "unit")
        dense = layers.Dense(
            len(step.bias), activation=None if plain else step.activation, name=name
        )
        x = dense(x)
        values.append((dense, step))
        if step.activation == "unit":
            x = layers.UnitNormalization(name=f"unit_{number}")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    for dense, step in values:
        dense.set_weights([step.kernel, step.bias])
    return keras.Model(vector, probabilities, name="head")
