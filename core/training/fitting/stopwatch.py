"""Takes the time of single steps, so that a few batches say how long many will take."""

from __future__ import annotations

import statistics
import time
from typing import Any

import keras

from core.features.hardware import memory_mb


class Stopwatch(keras.callbacks.Callback):
    """Remembers when each batch of each fit ended; used for the fits of one run, one after another.

    Attributes:
        fits: for each, seconds to the end of the first batch, and between batches after it.
        memory_mb: the most that the process held at the end of an epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fits: list[tuple[float, list[float]]] = []
        self.memory_mb = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self._last, self._first = time.monotonic(), True

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = time.monotonic()
        if self._first:
            self.fits.append((now - self._last, []))
        else:
            self.fits[-1][1].append(now - self._last)
        self._last, self._first = now, False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.memory_mb = max(self.memory_mb, memory_mb())

    def speed(self, fit: int) -> tuple[float, float]:
        """Seconds that a fit takes before it gets going, and seconds a batch."""
        first, later = self.fits[fit]
        each = statistics.median(later[1:] or later or [first])
        return max(0.0, first - each), each
