"""Varied views of training images for a frozen backbone, fixed by each image's content.

A head is fitted on the features of the images and of a few such views, which takes seconds.
"""

from __future__ import annotations

import numpy as np

from core.features.cache import Variations
from core.training import augmentation

VIEWS = 3


def _vary(images: np.ndarray, digests: list[str], view: int) -> np.ndarray:
    drawn = [
        augmentation.draw(np.random.default_rng([view, int(d[:8], 16)]), 1, images.shape[1])
        for d in digests
    ]
    variation = augmentation.Variation(
        *(np.concatenate([getattr(one, name) for one in drawn])
          for name in ("transforms", "gain", "bias"))
    )  # fmt: skip
    return np.asarray(augmentation.apply(images, variation)).round().astype(np.uint8)


VARIATIONS = Variations(VIEWS, str(augmentation.VERSION), _vary)
