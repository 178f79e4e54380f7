"""Where a fit stands is kept on disk after its epochs."""

from __future__ import annotations

import time
from typing import Any

from core.training.fitting.callbacks.base import FitCallback, FitContext
from core.training.fitting.checkpoint import Checkpoint


class Checkpointing(FitCallback):
    """Writes a checkpoint after an epoch, unless that would take too much of the time, and always
    at the end of a fit and after its first epoch, whatever else has taken time.

    Must come after all that changes what is kept of an epoch. A fit whose last epoch was cut off
    keeps the checkpoint of the one before it.

    Args:
        checkpoint: where to.
    """

    def __init__(self, fit: FitContext, checkpoint: Checkpoint) -> None:
        super().__init__(fit)
        self.checkpoint = checkpoint
        self._fresh_best = False
        self._took = 0.0
        # The epoch after which the model was kept last.
        self._kept_after: int | None = None

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        self._fresh_best |= self.fit.better
        if self._took <= self.fit.allowance:
            self._keep()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.fit.cut_off:
            return
        if not self.fit.stopped:
            self.fit.kept.parts_done.append(self.fit.phase.name)
        self._keep()

    def _keep(self) -> None:
        began = time.monotonic()
        best = self.fit.best_weights if self._fresh_best else None
        # Of a large network what lies there already, and has not changed, takes a second or two.
        fresh = self.fit.kept.epoch != self._kept_after
        self.checkpoint.save(self.fit.kept, self.model if fresh else None, best)
        self._kept_after = self.fit.kept.epoch
        self.fit.report.kept(self.checkpoint.unit)
        self._fresh_best = False
        took = time.monotonic() - began
        self._took += took
        self.fit.aside_s += took
