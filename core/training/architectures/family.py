"""What a family of models is, and what one of its models is built for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    usual: int
    smallest: int
    build: Callable[[BuildConfig], Any]
    backbone: str | None = None
