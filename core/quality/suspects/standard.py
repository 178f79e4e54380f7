"""Features of any number of images, each dimension centred and scaled to a spread of 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 8192


class Standardised:
    """What is asked for is scaled when it is; nothing is held twice.

    Args:
        features: shape (n, d), of any precision, n at least 1.
    """

    def __init__(self, features: NDArray[np.floating]) -> None:
        self._features = features
        count = len(features)
        blocks = range(0, count, _BLOCK)
        mean = sum(self._block(start).sum(0, dtype=np.float64) for start in blocks) / count
        spread = sum(((self._block(start) - mean) ** 2).sum(0) for start in blocks) / count
        self._mean = mean.astype(np.float32)
        self._spread = (np.sqrt(spread) + 1e-6).astype(np.float32)

    def _block(self, start: int) -> NDArray[np.floating]:
        return self._features[start : start + _BLOCK]

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows, shape (rows, d)."""
        return (self._features[rows].astype(np.float32) - self._mean) / self._spread
