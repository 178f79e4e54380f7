"""What the model answers by now is shown: confusions, and a few examples."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from core.training.fitting.callbacks.base import FitCallback, rounded

_CLASSES_SHOWN = 60


class SampleAnswers(FitCallback):
    """After an epoch, reports the confusion matrix of the validation images (of up to 60 classes),
    and what the model answers about the phase's samples if there is time for that."""

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit, began = self.fit, time.monotonic()
        classes, samples = fit.phase.classes, fit.phase.samples
        shown: dict[str, Any] = {}
        if fit.confusion is not None and len(classes) <= _CLASSES_SHOWN:
            shown["confusion"] = fit.confusion.astype(int).tolist()
        if samples is not None and len(samples.paths) and fit.spare:
            answers = self.model(samples.records, training=False)
            rows = np.asarray(keras.ops.convert_to_numpy(answers))
            shown["samples"] = [
                {
                    "path": path,
                    "label": label,
                    "answer": classes[int(row.argmax())],
                    "confidence": rounded(row.max()),
                }
                for path, label, row in zip(samples.paths, samples.labels, rows, strict=True)
            ]
        if shown:
            fit.report.snapshot("snapshot", epoch=fit.number, labels=list(classes), **shown)
        fit.aside_s += time.monotonic() - began
