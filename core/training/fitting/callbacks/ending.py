"""What ends a fit before its last epoch: a loss that is no number, a person's wish, no progress."""

from __future__ import annotations

import math
from typing import Any

from core.errors import Cancelled, LightboxError
from core.progress import wait_while_paused
from core.training.fitting.callbacks.base import FitCallback, score

_OUT_OF_CONTROL = "Training went out of control: the loss is no longer a number."


class StopOnNan(FitCallback):
    """Ends the fit when a batch's or the validation's loss is no number, and says what to do.

    The epoch doesn't count then; the best one before it is kept.

    Raises:
        LightboxError: from ``fit``, when nothing was learned before.
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self._end()

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        if not math.isfinite(logs.get("val_loss", 0.0)):
            self._end()

    def _end(self) -> None:
        fit, best = self.fit, self.fit.kept.best_epoch
        advice = (
            f"Lower the learning rate, for example to a tenth of {fit.rate:.2g}, and train again."
        )
        if not best:
            raise LightboxError(_OUT_OF_CONTROL, remedy=advice)
        fit.report.event(
            "diagnosis",
            key="not_a_number",
            epoch=fit.number,
            remedy=advice,
            text=f"{_OUT_OF_CONTROL} It was stopped, and the best epoch ({best}) is kept.",
        )
        fit.cut_off = True
        self.model.stop_training = True


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


class EarlyStopping(FitCallback):
    """Ends the fit when the spec's metric hasn't got better for as many epochs as its patience.

    Does nothing without validation images, or where the patience is 0. What it has seen is kept in
    the checkpoint, so a run that goes on counts on.
    """

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        stopping, kept = self.fit.spec.stopping, self.fit.kept
        entry = kept.history[-1]
        found = score(entry, stopping.metric)
        if not stopping.patience or found is None:
            return
        if kept.stop_best is None or found > kept.stop_best:
            kept.stop_best, kept.waited = found, 0
            return
        kept.waited += 1
        if kept.waited >= stopping.patience:
            self.fit.report.event(
                "note",
                text=f"Stopped early after epoch {entry.epoch}: no better validation "
                f"{stopping.metric.replace('_', ' ')} in {kept.waited} epochs.",
            )
            self.model.stop_training = True
