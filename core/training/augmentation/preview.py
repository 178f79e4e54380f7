"""What training will see of a few images, for a page to show before it starts."""

from __future__ import annotations

import numpy as np

from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import vary


def preview(images: np.ndarray, options: Augmentation, seed: int, count: int) -> np.ndarray:
    """Each image as it is, then varied in ``count - 1`` ways by the very code of training.

    A seed fixes how: a kind that is switched on or made stronger leaves the others as they were.
    Mixing takes place among the given images; one alone can't be mixed.

    Args:
        images: uint8, shape (n, size, size, 3).
        count: at least 1.

    Returns:
        uint8, shape (n, count, size, size, 3).
    """
    shown = [images]
    for column in range(1, count):
        rng = np.random.default_rng([seed, column])
        varied = vary(images, options, rng)
        if options.mixes:
            mixed, _ = mix(varied, np.eye(len(images), dtype=np.float32), options, rng)
            varied = np.rint(mixed).astype(np.uint8)
        shown.append(varied)
    return np.stack(shown, axis=1)
