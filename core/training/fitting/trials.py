"""Callbacks of trainings of which nothing is kept: one finds a learning rate, one takes the time.

The range test raises the rate with every batch, and the loss says when it is enough: Smith,
"Cyclical Learning Rates for Training Neural Networks" (2017), with the loss smoothed and the
suggestion where it falls most steeply, as fastai has it.
"""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

import keras
import numpy as np

from core.features.hardware import memory_mb
from core.progress import Reporter

LOWEST, HIGHEST = 1e-6, 1.0
STEPS = 90
_SMOOTH = 0.85
_BLOWN_UP = 4.0


class Finder(keras.callbacks.Callback):
    """Raises the rate over :data:`STEPS` batches, and stops when the loss has blown up.

    Attributes:
        rates, losses: of each batch; losses are smoothed.
    """

    def __init__(self, report: Reporter) -> None:
        super().__init__()
        self.report = report
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._mean, self._best = 0.0, math.inf
        self._before = (0, 0.0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._before = (0, 0.0)

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        at = min(1.0, len(self.rates) / (STEPS - 1))
        self.model.optimizer.learning_rate = LOWEST * (HIGHEST / LOWEST) ** at

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.report.check()
        # Keras tells the epoch's mean so far; the batch's own loss is the difference.
        mean = float((logs or {}).get("loss", math.nan))
        count, total = batch + 1, mean * (batch + 1)
        loss = (total - self._before[1]) / (count - self._before[0])
        self._before = (count, total)
        if not math.isfinite(loss):
            self.model.stop_training = True
            return
        step = len(self.losses) + 1
        self._mean = _SMOOTH * self._mean + (1 - _SMOOTH) * loss
        smoothed = self._mean / (1 - _SMOOTH**step)
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))
        self.losses.append(smoothed)
        self._best = min(self._best, smoothed)
        self.report.progress("rate", step, STEPS, "Trying learning rates")
        blown_up = step > 10 and smoothed > _BLOWN_UP * self._best
        if blown_up or step >= STEPS:
            self.model.stop_training = True


def suggest(rates: list[float], losses: list[float]) -> float | None:
    """Where the loss falls most steeply over the logarithm of the rate; ``None`` if it never does.

    Args:
        rates: rising by a constant factor.
        losses: smoothed.
    """
    if len(losses) < 12:
        return None
    values = np.asarray(losses)
    lowest = int(values.argmin())
    if lowest < 8 or values[:lowest].max() - values[lowest] < 0.02 * values[0]:
        return None
    # Over a few steps to each side, so that one lucky batch doesn't decide.
    wide = 4
    slope = values[2 * wide : lowest + 1] - values[: lowest + 1 - 2 * wide]
    if not len(slope):
        return None
    steepest = int(slope.argmin()) + wide
    # Never closer to the edge than a factor of three.
    return float(min(rates[steepest], rates[lowest] / 3))


def findings(finder: Finder) -> dict[str, Any]:
    """What a page plots: rates, losses and the suggestion, rounded to two digits."""
    rate = suggest(finder.rates, finder.losses)
    return {
        "rates": [float(f"{value:.4g}") for value in finder.rates],
        "losses": [round(value, 5) for value in finder.losses],
        "suggestion": None if rate is None else float(f"{rate:.2g}"),
    }


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
