"""Each epoch begins with its own data."""

from __future__ import annotations

from typing import Any

from core.training.fitting.batches import Batches
from core.training.fitting.callbacks.base import FitCallback, FitContext


class EpochStart(FitCallback):
    """Before an epoch, prepares its data and lets the batches know which one it is.

    Args:
        train: told of each epoch's number.
    """

    def __init__(self, fit: FitContext, train: Batches) -> None:
        super().__init__(fit)
        self.train = train

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.fit.epoch = epoch
        if self.fit.phase.prepare is not None:
            self.fit.phase.prepare(epoch)
        self.train.begin(epoch)
