"""What the model answers by now is shown: confusions, and a few examples."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from core.progress import Throttle
from core.training.fitting.callbacks.base import FitCallback, FitContext, rounded

_CLASSES_SHOWN = 60
_EVERY_S = 0.8
_REMEMBERED = 240


class SampleAnswers(FitCallback):
    """After an epoch, reports the confusion matrix of the validation images (of up to 60 classes),
    and what the model answers about the phase's samples if there is time for that. Within long
    epochs the samples are answered about once a second too; such snapshots are ``partial``."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._due = Throttle(_EVERY_S)
        self._history: list[list[Any]] = []
        self._due()  # the first batch answers as chance would

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        last = batch + 1 >= self.fit.phase.batches
        if not last and not self.fit.cut_off and self.fit.spare and self._due():
            self._tell(partial=True)

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        self._tell()

    def _tell(self, **more: Any) -> None:
        fit, began = self.fit, time.monotonic()
        classes, samples = fit.phase.classes, fit.phase.samples
        shown: dict[str, Any] = {}
        if fit.confusion is not None and len(classes) <= _CLASSES_SHOWN:
            shown["confusion"] = fit.confusion.astype(int).tolist()
        if samples is not None and len(samples.paths) and fit.spare:
            answers = self.model(samples.records, training=False)
            rows = np.asarray(keras.ops.convert_to_numpy(answers))
            if not np.isfinite(rows).all():
                return  # the epoch that goes on has gone astray, and others say so
            shown["samples"] = [
                {
                    "path": path,
                    "label": label,
                    "answer": classes[int(row.argmax())],
                    "confidence": rounded(row.max()),
                }
                for path, label, row in zip(samples.paths, samples.labels, rows, strict=True)
            ]
            marks = "".join("01"[one["answer"] == one["label"]] for one in shown["samples"])
            self._history = [*self._history[-_REMEMBERED:], [fit.number, None, marks]]
            shown["history"] = self._history
        if shown:
            fit.report.snapshot("snapshot", epoch=fit.number, labels=list(classes), **shown, **more)
        fit.aside_s += time.monotonic() - began
