"""Ways to look at images: which network, at which size, and how they are made square."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.datasets.images import Fit
from core.features.backbones import Peaks
from core.features.weights import find_weights
from core.training import architectures

# In the order of trying them; those whose weights are not on this computer are passed over.
NETWORKS = ("efficientnet_lite0", "mobilenet_v2", "efficientnet_lite1", "efficientnet_lite2")
# Multiply-adds at 224 pixels, in those of MobileNetV2: what one network's time says of another's.
_WORK = {
    "mobilenet_v2": 1.0,
    "efficientnet_lite0": 1.3,
    "efficientnet_lite1": 2.0,
    "efficientnet_lite2": 2.8,
}
# Photos whose shorter side is typically below are never enlarged as much as larger ones.
_TINY = 48
# Where a search begins: photos, and tiny pictures; and where that would take too long.
FIRST_SIZES = (224, 96)
QUICKER = 160
# What a closer look leaves out at each edge, in shares of the side; and those that come after it.
CLOSER, MORE = 0.15, (0.25, 0.08)
# Of one model, so many networks' looks at most: each makes an answer and every export take longer.
MOST_VIEWS = 6
# So much longer than wide, what is cut off or squeezed may matter.
_LONG = 1.2


@dataclass(frozen=True)
class Look:
    """One way to look at images.

    Attributes:
        architecture: key of a pretrained network.
        size: side in pixels.
        resize: how an image becomes square.
        beside: keys of networks that look at the same pixels too; what all see stands side by side.
        peaks: what is taken of the networks besides means.
        closer: of more looks at the middle alone, the share of the side that each leaves out at
            every edge; what they see is averaged with what is seen of the whole.
    """

    architecture: str
    size: int
    resize: Fit = "stretch"
    beside: tuple[str, ...] = ()
    peaks: Peaks = "none"
    closer: tuple[float, ...] = ()

    @property
    def networks(self) -> tuple[str, ...]:
        """Keys of all its networks."""
        return (self.architecture, *self.beside)

    @property
    def alone(self) -> tuple[Look, ...]:
        """As looks of one network each."""
        return tuple(replace(self, architecture=each, beside=()) for each in self.networks)

    @property
    def views(self) -> tuple[Look, ...]:
        """What has to be looked at, each as one network's whole picture or one enlarged middle,
        whatever is taken of it."""
        whole = [replace(each, peaks="none", closer=()) for each in self.alone]
        return tuple(
            replace(each, closer=closer)
            for each in whole
            for closer in ((), *((share,) for share in self.closer))
        )

    @property
    def values(self) -> dict[str, Any]:
        """As settings of a training."""
        return {
            "architecture": self.architecture,
            "image_size": self.size,
            "resize": self.resize,
        }

    @property
    def work(self) -> float:
        """How long an image takes, beside MobileNetV2 at 224 pixels."""
        work = sum(_WORK.get(network, 3.0) for network in self.networks)
        return work * (self.size / 224) ** 2 * (1 + len(self.closer))

    def __str__(self) -> str:
        how = {"stretch": "", "crop": ", cropped", "pad": ", padded"}[self.resize]
        times = f"{len(self.closer)} times " if len(self.closer) > 1 else ""
        closer = f", whole and {times}closer up" if self.closer else ""
        fine = ", with fine detail" if self.peaks == "all" else ""
        return f"{architectures.in_words(self.networks)} at {self.size} pixels{how}{closer}{fine}"


def networks(first: str = "") -> list[str]:
    """Networks that can be looked with on this computer, the one that is asked for first."""
    order = sorted(NETWORKS, key=lambda key: key != first)
    if first and first not in order:
        order.insert(0, first)
    return [key for key in order if find_weights(key) is not None]


def typical_side(table: pd.DataFrame) -> float:
    """Of images' shorter sides, in pixels.

    Args:
        table: columns ``width`` and ``height``.
    """
    return float(np.median(np.minimum(table["width"], table["height"]))) if len(table) else 64.0


def sizes(table: pd.DataFrame) -> list[int]:
    """Sizes worth trying for these images, the first to begin with.

    Small photos gain from being enlarged too: a network trained at 224 pixels knows what things
    look like at that size.

    Args:
        table: columns ``width`` and ``height``.
    """
    side = typical_side(table)
    if side < _TINY:
        return [FIRST_SIZES[1], 128, 160]
    return [FIRST_SIZES[0], 288] if side >= 256 else [FIRST_SIZES[0]]


def squares(table: pd.DataFrame) -> list[Fit]:
    """Ways to make images square that are worth trying besides stretching."""
    if table.empty:
        return []
    sides = table[["width", "height"]].to_numpy(float)
    ratio = float(np.median(sides.max(axis=1) / np.maximum(sides.min(axis=1), 1)))
    return ["crop", "pad"] if ratio >= _LONG else []
