"""What a training run tells the world while it runs, as a Keras callback."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from core.errors import LightboxError
from core.progress import Reporter, Throttle

_EVERY_S = 0.3


class Live(keras.callbacks.Callback):
    """Reports every few batches and every epoch, keeps the best weights, and hears "stop".

    At the end of ``fit`` the model has the weights of the best epoch: highest validation accuracy,
    of equal ones the lowest validation loss; without validation, the last epoch's. Stopping in the
    middle of an epoch keeps the best of the finished ones, or the weights as they are if there is
    none.

    Args:
        images: training images an epoch.
        report: gets events ``batch`` and ``epoch``, and progress.

    Raises:
        LightboxError: from ``fit``, when the loss is no longer a number.
    """

    def __init__(self, epochs: int, images: int, batch_size: int, report: Reporter) -> None:
        super().__init__()
        self.epochs, self.images, self.batch_size = epochs, images, batch_size
        self.batches = -(-images // batch_size)
        self.report = report
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.stopped = False
        self._cut_off = False
        self._best: tuple[float, float] | None = None
        self._weights: list[Any] | None = None
        self._often = Throttle(_EVERY_S)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._started = time.monotonic()
        self._first_batch_ended: float | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch
        self._epoch_started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        now = time.monotonic()
        if self._first_batch_ended is None:
            # The first batch compiles the graph; it says nothing about the rest.
            self._first_batch_ended = now
        if not math.isfinite(logs.get("loss", 0.0)):
            raise LightboxError(
                "Training went out of control: the loss is no longer a number.",
                remedy=f"Lower the learning rate, for example to a tenth of {self._rate():.2g}, "
                "and train again.",
            )
        if self.report.cancelled():
            self.stopped = True
            self._cut_off = batch + 1 < self.batches
            self.model.stop_training = True
        if self._often():
            done = self._epoch * self.batches + batch + 1
            elapsed = now - self._first_batch_ended
            each = elapsed / max(1, done - 1)
            left = each * (self.epochs * self.batches - done) if done > 1 else None
            self.report.event(
                "batch",
                epoch=self._epoch + 1,
                epochs=self.epochs,
                batch=batch + 1,
                batches=self.batches,
                loss=_round(logs.get("loss")),
                accuracy=_round(logs.get("accuracy")),
                images_per_s=round(self.batch_size / each, 1) if each > 0 else None,
                seconds_left=None if left is None else round(left, 1),
            )
            self.report.progress(
                "fit", done, self.epochs * self.batches, f"Epoch {self._epoch + 1} of {self.epochs}"
            )

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._cut_off:
            # Nobody waits for the validation of an epoch that doesn't count.
            self.model.stop_evaluating = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._cut_off:
            return
        logs = logs or {}
        entry = {
            "epoch": epoch + 1,
            "loss": _round(logs.get("loss")),
            "accuracy": _round(logs.get("accuracy")),
            "val_loss": _round(logs.get("val_loss")),
            "val_accuracy": _round(logs.get("val_accuracy")),
            "learning_rate": self._rate(),
            "seconds": round(time.monotonic() - self._epoch_started, 3),
        }
        better = self._is_better(logs)
        if better:
            self.best_epoch = epoch + 1
            self._weights = self.model.get_weights()
        self.history.append(entry)  # type: ignore[arg-type]
        self.report.event("epoch", epochs=self.epochs, best=better, **entry)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)

    def _is_better(self, logs: dict[str, float]) -> bool:
        if "val_accuracy" not in logs:
            return True
        standing = (logs["val_accuracy"], -logs["val_loss"])
        if self._best is None or standing > self._best:
            self._best = standing
            return True
        return False

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
