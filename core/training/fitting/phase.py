"""One fit of a run, as it was planned, and the examples that are shown while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Samples:
    """A few validation examples, to show what the model answers about them.

    Attributes:
        records: what the model takes, shape (n, …).
        paths, labels: of each.
    """

    records: np.ndarray
    paths: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True)
class FitPhase:
    """One fit of a run.

    Attributes:
        name: ``""`` (the only one), ``head`` or ``tuning``.
        before: epochs of the parts before it.
        epochs: its own; ``of``: of all parts.
        peak: learning rate.
        images: training images an epoch; ``batch_size``: of a step.
        prepare: called before each of its epochs with the epoch's number from 0.
    """

    name: str
    before: int
    epochs: int
    of: int
    peak: float
    images: int
    batch_size: int
    classes: Sequence[str] = ()
    samples: Samples | None = None
    prepare: Callable[[int], None] | None = field(default=None)

    @property
    def batches(self) -> int:
        return -(-self.images // self.batch_size)
