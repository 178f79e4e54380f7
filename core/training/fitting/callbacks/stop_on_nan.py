"""A loss that is no longer a number ends training."""

from __future__ import annotations

import math
from typing import Any

from core.errors import LightboxError
from core.training.fitting.callbacks.base import FitCallback

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
