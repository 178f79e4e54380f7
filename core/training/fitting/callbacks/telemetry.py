"""What a fit tells the world: batches now and then, and every epoch."""

from __future__ import annotations

import time
from typing import Any

from core.features.hardware import memory_mb
from core.progress import Throttle
from core.training.fitting.callbacks.base import FitCallback, FitContext, rounded

_EVERY_S = 0.3
_DOING = {"head": "Learning the last step", "tuning": "Fine-tuning"}


class Telemetry(FitCallback):
    """Reports progress and an event ``batch`` a few times a second, and an event ``epoch`` for each
    one that counts. Batches in between cost a look at the clock."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._due = Throttle(_EVERY_S)
        self._first_batch_ended: float | None = None
        self._steps_before = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # Batches, and the sums of their losses and accuracies, that were told of.
        self._told = (0, 0.0, 0.0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._first_batch_ended is None:
            # The first batch compiles the graph; it says nothing about the rest.
            self._first_batch_ended = time.monotonic()
            self._steps_before = self.fit.epoch * self.fit.phase.batches
        if self._due() and not self.fit.cut_off:
            self._tell(batch, logs or {}, self._first_batch_ended)

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit = self.fit
        entry = fit.kept.history[-1].as_json()
        fit.report.event("epoch", epochs=fit.spec.all_epochs, best=fit.better, **entry)

    def _tell(self, batch: int, logs: dict[str, Any], since: float) -> None:
        fit, phase, epochs = self.fit, self.fit.phase, self.fit.spec.all_epochs
        done = fit.epoch * phase.batches + batch + 1
        steps = done - self._steps_before - 1
        busy = time.monotonic() - since - fit.paused_s
        each = busy / steps if steps > 0 else None
        left = each * (phase.epochs * phase.batches - done) if each is not None else None
        loss, accuracy = self._since_last(batch, logs)
        fit.report.event(
            "batch",
            epoch=fit.number,
            epochs=epochs,
            batch=batch + 1,
            batches=phase.batches,
            loss=rounded(loss),
            accuracy=rounded(accuracy),
            learning_rate=fit.rate,
            images_per_s=round(phase.batch_size / each, 1) if each else None,
            seconds_left=None if left is None else round(left, 1),
            memory_mb=memory_mb(),
        )
        fit.report.progress(
            "fit",
            phase.before * phase.batches + done,
            epochs * phase.batches,
            f"{_DOING.get(phase.name, 'Training')}: epoch {fit.number} of {epochs}",
        )

    def _since_last(self, batch: int, logs: dict[str, Any]) -> tuple[float, float]:
        """Loss and accuracy of the batches since they were last told; Keras has the epoch's
        mean."""
        count = batch + 1
        told, loss, accuracy = self._told
        sums = (logs.get("loss", 0.0) * count, logs.get("accuracy", 0.0) * count)
        new = count - told
        self._told = (count, *sums)
        share = min(1.0, max(0.0, (sums[1] - accuracy) / new))
        return (sums[0] - loss) / new, share
