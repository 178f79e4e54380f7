"""Model families, one a file, each registered as an :class:`Architecture`.

What is said here of a family (its parameters, operations and layers) is in ``facts.json``, which
``python -m core.training.architectures.facts`` writes, so that pages need no Keras to show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.errors import InvalidInput
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


ARCHITECTURES: dict[str, Architecture] = {}


def register(architecture: Architecture) -> None:
    """Make a family known; called once by each file of this folder."""
    ARCHITECTURES[architecture.key] = architecture


def get(key: str) -> Architecture:
    """The family of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    if key not in ARCHITECTURES:
        raise InvalidInput(
            f"There is no architecture “{key}”.",
            remedy="There are: " + ", ".join(ARCHITECTURES) + ".",
        )
    return ARCHITECTURES[key]


def build(key: str, config: BuildConfig) -> Any:
    """A model of this family; see :attr:`Architecture.build`."""
    return get(key).build(config)


def _register_all() -> None:
    """Each file registers what it has when it is imported; this is the order of offering them."""
    for name in ("classic", "compact", "vgg", "unet", "pretrained", "custom"):
        import_module(f"{__name__}.{name}")


_register_all()
