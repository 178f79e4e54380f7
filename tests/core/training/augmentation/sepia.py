"""A kind of variation that Lightbox doesn't have: all that one takes, in one file.

Imported before anything else of Lightbox, as those are that :mod:`catalogue` lists.
"""

from __future__ import annotations

import numpy as np

from core.training.augmentation.catalogue import register
from core.training.augmentation.kind import LIGHT, Kind
from core.training.setting import SHARE

_TONE = np.array([1.0, 0.8, 0.6])


def sepia(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Towards the brown of old photos, by chance from not at all to ``strength``."""
    share = strength * rng.random()
    brown = image.mean(axis=2, keepdims=True) * _TONE
    return np.rint(image * (1 - share) + brown * share).astype(np.uint8)


register(
    Kind(
        "sepia",
        "Old photo",
        "Browns each image by up to this much.",
        "browned by up to {}",
        LIGHT,
        step=0.01,
        unit=SHARE,
        change=sepia,
    )
)
