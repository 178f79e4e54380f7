"""The weights of the best epoch are remembered."""

from __future__ import annotations

import math
from typing import Any

from core.runs.values import EpochRecord
from core.training.fitting.callbacks.base import FitCallback, score


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
