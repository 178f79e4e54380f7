"""What a family of models is, and what every network begins and ends with, so that all take the
same pixels and give the same kind of answer. Keras is imported inside functions only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.features.grey import lightness
from core.training.options import Color
from core.training.stack import Layer


@dataclass(frozen=True)
class BuildConfig:
    """What a model is built for.

    Attributes:
        size: side of the images, in pixels.
        classes: how many there are to tell apart.
        dropout: share of features hidden before the last layer while training.
        color: ``gray`` puts a fixed layer in front that leaves lightness only.
        stack: the layers of an own network.
    """

    size: int
    classes: int
    dropout: float = 0.2
    color: Color = "rgb"
    stack: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """One family.

    Attributes:
        title, sentence: for people.
        usual, smallest: image sizes in pixels.
        build: makes a ``keras.Model`` from RGB pixels 0..255, float, shape (n, size, size, 3), to
            probabilities (n, classes); imports Keras only then. Random weights. The layer whose
            output is a vector of features, before dropout and the last dense layer, is named
            ``features``.
        backbone: key in :mod:`core.features.backbones` of pretrained weights, if there are any.
    """

    key: str
    title: str
    sentence: str
    build: Callable[[BuildConfig], Any]
    usual: int = 64
    smallest: int = 16
    backbone: str | None = None


# Of batch normalisation in networks that start from random weights.
MOMENTUM = 0.9


def begin(size: int, color: Color) -> tuple[Any, Any]:
    """The input of RGB pixels 0..255, and what the network sees of it: 3 channels, or 1 of grey."""
    import keras

    pixels = keras.Input((size, size, 3), name="pixels")
    return pixels, lightness(pixels) if color == "gray" else pixels


def convolve(x: Any, width: int) -> Any:
    """A 3 × 3 convolution, batch normalisation and ReLU, as plain networks repeat them.

    Batch normalisation's momentum is lower than Keras's default: short runs are over before a slow
    average has caught up with the weights.
    """
    from keras import layers

    x = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    return layers.Activation("relu")(x)


def finish(pixels: Any, features: Any, classes: int, dropout: float, name: str) -> Any:
    """The model from ``pixels`` to probabilities, given a vector of features."""
    import keras
    from keras import layers

    x = layers.Activation("linear", name="features")(features)
    if dropout:
        x = layers.Dropout(dropout, name="features_dropout")(x)
    logits = layers.Dense(classes, name="logits")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name=name)
