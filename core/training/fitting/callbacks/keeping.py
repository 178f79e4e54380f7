"""What is kept after an epoch: the best weights, and on disk where the fit stands."""

from __future__ import annotations

import math
import time
from typing import Any

from core.runs.values import EpochRecord
from core.training.fitting.callbacks.base import FitCallback, FitContext, score
from core.training.fitting.checkpoint import Checkpoint


class BestWeights(FitCallback):
    """Copies the weights after each epoch that is better than all before it, by the spec's metric
    (of equal ones, the lower validation loss); without validation, after every epoch.

    They are put back by whoever called ``fit``, since the checkpoint that ends it keeps the weights
    that training would go on from.
    """

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit, entry = self.fit, self.fit.kept.history[-1]
        fit.better = self._is_better(entry)
        if fit.better:
            fit.kept.best_epoch = entry.epoch
            fit.best_weights = self.model.get_weights()

    def _is_better(self, entry: EpochRecord) -> bool:
        found = score(entry, self.fit.spec.best_by)
        if found is None:
            return True
        kept, tie = self.fit.kept, -entry.measured("val_loss")
        if kept.best is None or (found, tie) > (kept.best, kept.tie or -math.inf):
            kept.best, kept.tie = found, tie
            return True
        return False


class Checkpointing(FitCallback):
    """Writes a checkpoint after an epoch, unless that would take too much of the time, and always
    at the end of a fit.

    Must come after all that changes what is kept of an epoch. A fit whose last epoch was cut off
    keeps the checkpoint of the one before it.

    Args:
        checkpoint: where to.
    """

    def __init__(self, fit: FitContext, checkpoint: Checkpoint) -> None:
        super().__init__(fit)
        self.checkpoint = checkpoint
        self._fresh_best = False
        # The epoch after which the model was kept last.
        self._kept_after: int | None = None

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        self._fresh_best |= self.fit.better
        if self.fit.spare:
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
        self.fit.aside_s += time.monotonic() - began
