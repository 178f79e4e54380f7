"""What each model costs beside how good it is, and which are beaten by none in both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.comparison.latency import known_latency
from core.evaluation.predictions import load_evaluation
from core.runs.files import RunFiles


@dataclass(frozen=True)
class Cost:
    """One run's size, speed and accuracy.

    Attributes:
        accuracy, low, high: on what it was tested on, with the 95 % interval; ``None`` if not.
        images: that it was tested on.
        keras_mb, openvino_mb: size of ``model.keras``, and of ``model.xml`` with ``model.bin``, in
            megabytes (10^6 bytes); 0 where the file isn't there.
        parameters: numbers in the model; ``None`` if not known.
        milliseconds: for one image, as measured; ``None`` before that.
    """

    run_id: str
    name: str
    accuracy: float | None
    low: float | None
    high: float | None
    images: int
    keras_mb: float
    openvino_mb: float
    parameters: int | None
    milliseconds: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)


def cost(catalog: Catalog, run: RunRecord, on: str = "test") -> Cost:
    """What is known of a run's size, speed and accuracy on ``on``."""
    files = RunFiles(catalog.workspace, run.id)
    accuracy = low = high = None
    images = 0
    with suppress(NotFound):
        evaluation = load_evaluation(catalog.workspace, run.id, on)
        accuracy, images = evaluation.accuracy, evaluation.images
        low, high = evaluation.interval.bounds
    latency = known_latency(catalog.workspace, run.id)
    return Cost(
        run.id,
        run.name,
        accuracy,
        low,
        high,
        images,
        files.keras_bytes / 1e6,
        sum(file.stat().st_size for file in files.network if file.is_file()) / 1e6,
        run.summary.parameters or None,
        latency.milliseconds if latency else None,
    )


def front(good: Sequence[float], costs: Sequence[float]) -> np.ndarray:
    """Which are on the Pareto front: no other is at least as good for at most the cost, and better
    in one of both.

    Args:
        good: the more the better.
        costs: the less the better, of the same length.

    Returns:
        bool, shape (n,). Equals are on it together; ``nan`` is never on it.
    """
    value, price = np.asarray(good, np.float64), np.asarray(costs, np.float64)
    known = ~(np.isnan(value) | np.isnan(price))
    no_worse = (value[:, None] >= value[None]) & (price[:, None] <= price[None])
    better = (value[:, None] > value[None]) | (price[:, None] < price[None])
    return known & ~(no_worse & better & known[:, None]).any(axis=0)
