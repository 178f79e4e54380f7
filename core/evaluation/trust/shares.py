"""A part of some images together with its interval, as one value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from core.evaluation.intervals import wilson_bounds


class Share(BaseModel, frozen=True, extra="forbid"):
    """``correct`` of ``images``, and between what the true share likely lies.

    Attributes:
        share: correct / images; 0 for no images.
        low, high: Wilson's interval at 95 %; 0 to 1 for no images.
    """

    correct: int
    images: int
    share: float
    low: float
    high: float


def shares(
    correct: Sequence[int] | np.ndarray, images: Sequence[int] | np.ndarray, worth: float = 1.0
) -> list[Share]:
    """Many shares with their intervals; ``0 <= correct <= images``, both of one length.

    Args:
        worth: of one image, where some belong together (:func:`core.evaluation.intervals.worth`).
    """
    right, total = np.asarray(correct, np.int64), np.asarray(images, np.int64)
    some = np.maximum(total, 1)
    low, high = wilson_bounds(right, some, worth=worth)
    return [
        Share(correct=k, images=n, share=k / n, low=a, high=b)
        if n
        else Share(correct=0, images=0, share=0.0, low=0.0, high=1.0)
        for k, n, a, b in zip(
            right.tolist(), total.tolist(), low.tolist(), high.tolist(), strict=True
        )
    ]


def share_of(correct: int, images: int, worth: float = 1.0) -> Share:
    """One share with its interval."""
    return shares([correct], [images], worth)[0]
