"""Every whole epoch leaves an entry in the run's history."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from core.features.hardware import memory_mb
from core.runs.values import EpochRecord
from core.training.fitting.callbacks.base import FitCallback, rounded
from core.training.fitting.tally import Tally, averages


class EpochHistory(FitCallback):
    """Adds an epoch's figures to the history: Keras's, the averages over classes that the spec asks
    for, its rate, and its seconds without pauses."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._began, self._paused_s = time.monotonic(), self.fit.paused_s

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        # Keras has no public way to the metrics that ``compile`` was given.
        metrics = getattr(self.model._compile_metrics, "metrics", [])
        for metric in metrics:
            if isinstance(metric, Tally):
                counts = keras.ops.convert_to_numpy(metric.counts)
                self.fit.confusion = np.asarray(counts)

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit = self.fit
        entry: dict[str, Any] = {"epoch": fit.number, "part": fit.phase.name}
        entry |= {name: rounded(value) for name, value in logs.items()}
        for name in ("val_loss", "val_accuracy"):
            entry.setdefault(name, None)
        if fit.confusion is not None and "val_accuracy" in logs:
            known = averages(fit.confusion)
            wanted = {"f1", *fit.spec.metrics, fit.spec.best_by} & set(known)
            entry |= {f"val_{name}": rounded(known[name]) for name in wanted}
        took = time.monotonic() - self._began - (fit.paused_s - self._paused_s)
        entry |= {
            "learning_rate": fit.rate,
            "seconds": round(took, 3),
            "memory_mb": memory_mb(),
        }
        fit.kept.history.append(EpochRecord(**entry))
        fit.kept.epoch, fit.kept.part = fit.number, fit.phase.name
