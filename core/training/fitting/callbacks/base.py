"""What the callbacks of one fit share: how it was planned, where it is, and the hook for an epoch
that counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from core.progress import Reporter
from core.runs.values import EpochRecord
from core.training.fitting.checkpoint import FitState
from core.training.options import Tuning
from core.training.spec import TrainSpec

# Keeping checkpoints may take so much of the time, and all that isn't training no more than that
# either, for samples to be looked at.
_SHARE = 0.05
_AT_LEAST_S = 0.5


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
        images: training images an epoch; ``batch_size``: of a step.
        prepare: called before each of its epochs with the epoch's number from 0.
    """

    name: str
    spec: TrainSpec
    images: int
    batch_size: int
    classes: Sequence[str] = ()
    samples: Samples | None = None
    prepare: Callable[[int], None] | None = None

    @property
    def _own(self) -> TrainSpec | Tuning:
        return self.spec.tuning if self.name == "tuning" else self.spec

    @property
    def epochs(self) -> int:
        return self._own.epochs

    @property
    def before(self) -> int:
        """Epochs of the parts before it."""
        return self.spec.epochs if self.name == "tuning" else 0

    @property
    def peak(self) -> float:
        """The learning rate at its highest."""
        return self._own.learning_rate

    @property
    def batches(self) -> int:
        return -(-self.images // self.batch_size)


@dataclass
class FitContext:
    """Where one fit is now; the callbacks read it, and each writes what is its own.

    Attributes:
        kept: what a checkpoint keeps of it.
        epoch: from 0, of this phase (written by ``EpochStart``).
        rate: learning rate of the last step; ``None`` before the first (``LearningRate``).
        confusion: of the last validation, rows true (``EpochHistory``).
        better: whether the epoch that has just ended is the best so far (``BestWeights``).
        best_weights: those of the phase's best epoch; ``None`` before there is one.
        stopped: the person asked for the end (``PauseAndStop``).
        cut_off: the epoch that goes on doesn't count, for it won't be whole.
        paused_s: seconds paused; ``aside_s``: spent on checkpoints and samples.
    """

    phase: FitPhase
    kept: FitState
    report: Reporter
    epoch: int = 0
    rate: float | None = None
    confusion: np.ndarray | None = None
    better: bool = False
    best_weights: list[np.ndarray] | None = None
    stopped: bool = False
    cut_off: bool = False
    paused_s: float = 0.0
    aside_s: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def spec(self) -> TrainSpec:
        return self.phase.spec

    @property
    def number(self) -> int:
        """The epoch's number from 1, over all parts."""
        return self.phase.before + self.epoch + 1

    @property
    def spare(self) -> bool:
        """Whether there is time for what isn't training."""
        return self.aside_s <= self.allowance

    @property
    def allowance(self) -> float:
        """Seconds that what isn't training may have taken by now: a small share of all."""
        busy = time.monotonic() - self.began - self.paused_s
        return max(_AT_LEAST_S, _SHARE * busy)


class FitCallback(keras.callbacks.Callback):
    """One concern of a fit. ``on_counted_epoch`` is called for epochs that were not cut off."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__()
        self.fit = fit

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        """A whole epoch has ended; ``logs`` are Keras's. Its entry ends the history, once
        ``EpochHistory`` has had its turn."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.fit.cut_off:
            self.on_counted_epoch(logs or {})


def score(entry: EpochRecord, metric: str) -> float | None:
    """An epoch's validation figure, higher being better; ``None`` without validation images."""
    value = entry.value(f"val_{metric}")
    if value is None or entry.val_loss is None:
        return None
    return -value if metric == "loss" else value


def rounded(value: Any) -> float | None:
    """To the six digits that are kept and told."""
    return None if value is None else round(float(value), 6)
