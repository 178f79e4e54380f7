"""Networks that were trained on ImageNet, one family a file, each registered as a
:class:`Backbone`.

A backbone turns RGB pixels into a vector of features: the means over the picture of its last layer,
which says what kind of thing is shown, and those over each quarter of the picture of a layer two
thirds of the way up, which says more of shapes and where they are. With these of MobileNetV2's, ten
hand signs are told apart right 98 % of the time by a linear head at 96 pixels; with the middle
layer's means over the whole picture, 95 %; with the last layer alone, 90 %.

Importable without Keras, so that pages can offer what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.datasets.downloads import Published
from core.errors import InvalidInput

URL = "https://storage.googleapis.com/tensorflow/keras-applications/"

Preprocessing = Literal["inside", "unit", "caffe"]


@dataclass(frozen=True)
class Backbone:
    """One network with published weights.

    Attributes:
        title: for people.
        application: its name in ``keras.applications``.
        file: the weights without the top, as ``keras.applications`` has them.
        taps: a layer of which the output is averaged over each quarter of the picture, and one over
            the whole; joined into the features. ``before:NAME`` is what goes into a layer, for
            outputs that Keras names anew each time; ``last`` is the network's own output.
        features: how many come out.
        usual, smallest: image sizes in pixels; the usual one is a compromise of accuracy and time.
        preprocessing: what it expects: ``inside`` sees to it itself, ``unit`` wants −1 to 1,
            ``caffe`` BGR less its mean.
        version: part of the name of every cache of its features: change it when they change.
        arguments: more for the application, as (name, value) pairs.
    """

    key: str
    title: str
    application: str
    file: Published
    taps: tuple[str, ...]
    features: int
    usual: int
    smallest: int
    preprocessing: Preprocessing
    version: str
    arguments: tuple[tuple[str, Any], ...] = ()

    @property
    def megabytes(self) -> int:
        """Size of the download."""
        return round(self.file.bytes / 1e6)

    def build(self, size: int, weights: Path | None, *, gray: bool = False) -> Any:
        """See :func:`core.features.backbones.build.build`; needs Keras."""
        from core.features.backbones.build import build

        return build(self, size, weights, gray=gray)


BACKBONES: dict[str, Backbone] = {}


def register(backbone: Backbone) -> None:
    """Make a network known; called by the files of this folder."""
    BACKBONES[backbone.key] = backbone


def get(key: str) -> Backbone:
    """The backbone of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    if key not in BACKBONES:
        raise InvalidInput(
            f"There is no pretrained network “{key}”.",
            remedy="There are: " + ", ".join(BACKBONES) + ".",
        )
    return BACKBONES[key]


def _register_all() -> None:
    """Each file registers what it has when it is imported."""
    from core.features.backbones import (  # noqa: F401
        convnext,
        efficientnet_v2,
        mobilenet_v2,
        mobilenet_v3,
        resnet50,
        vgg16,
    )


_register_all()
