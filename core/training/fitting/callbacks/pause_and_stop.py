"""The person's wishes to pause and to stop are heard after every batch."""

from __future__ import annotations

from typing import Any

from core.errors import Cancelled
from core.progress import wait_while_paused
from core.training.fitting.callbacks.base import FitCallback


class PauseAndStop(FitCallback):
    """Waits while a pause is wished; ends the fit when a stop is.

    Stopping in the middle of an epoch cuts it off: it doesn't count, and its validation is ended.

    Raises:
        Cancelled: from ``fit``, when all is to be dropped.
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        fit = self.fit
        if fit.cut_off:
            return
        wishes = fit.report.wishes()
        if wishes.paused and not wishes.stop:
            fit.report.event("paused", epoch=fit.number, batch=batch + 1)
            fit.paused_s += wait_while_paused(fit.report)
            wishes = fit.report.wishes()
            if not wishes.stop:
                fit.report.event("continued", epoch=fit.number, batch=batch + 1)
        if wishes.stop == "discard":
            raise Cancelled
        if wishes.stop:
            fit.stopped = True
            fit.cut_off = batch + 1 < fit.phase.batches
            self.model.stop_training = True

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.fit.cut_off:
            self.model.stop_evaluating = True
