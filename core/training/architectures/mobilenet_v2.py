"""MobileNetV2 (Sandler et al., 2018), frozen, with a head that is trained on its features."""

from __future__ import annotations

from typing import Any

from core.features.mobilenet_v2 import FEATURES


def head(classes: int) -> Any:
    """A ``keras.Model`` from features (n, 1856) to probabilities (n, classes)."""
    import keras
    from keras import layers

    features = keras.Input((FEATURES,), name="features")
    x = layers.BatchNormalization(momentum=0.9, scale=False, center=False)(features)
    x = layers.Dropout(0.4)(x)
    logits = layers.Dense(classes, name="logits", kernel_initializer="zeros")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(logits)
    return keras.Model(features, probabilities, name="head")


def assemble(body: Any, top: Any) -> Any:
    """One model from pixels to probabilities."""
    import keras

    return keras.Model(body.input, top(body.output), name="mobilenet_v2_classifier")
