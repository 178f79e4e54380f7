"""What a fit tells: how far it is, every epoch, what its curves say, what it answers by now."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from core.features.hardware import memory_mb
from core.progress import Throttle
from core.training.diagnose import diagnose
from core.training.fitting.callbacks.base import FitCallback, FitContext, rounded

_TELL_EVERY_S = 0.3
_DOING = {"head": "Learning the last step", "tuning": "Fine-tuning"}


class Telemetry(FitCallback):
    """Reports progress and an event ``batch`` a few times a second, and an event ``epoch`` for each
    one that counts. Batches in between cost a look at the clock."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._due = Throttle(_TELL_EVERY_S)
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


class Diagnosis(FitCallback):
    """Reports an event ``diagnosis`` when the phase's history shows something new to be wrong."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._said: set[str] = set()

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        fit, phase = self.fit, self.fit.phase
        own = [entry for entry in fit.kept.history if entry.part == phase.name]
        for found in diagnose(own, len(phase.classes) or 2, phase.epochs):
            if found.key not in self._said:
                self._said.add(found.key)
                fit.report.event(
                    "diagnosis",
                    key=found.key,
                    text=found.text,
                    remedy=found.remedy,
                    epoch=fit.number,
                )


_CLASSES_SHOWN = 60
_ANSWER_EVERY_S = 0.8
_REMEMBERED = 240


class SampleAnswers(FitCallback):
    """After an epoch, reports the confusion matrix of the validation images (of up to 60 classes),
    and what the model answers about the phase's samples if there is time for that. Within long
    epochs the samples are answered about once a second too; such snapshots are ``partial``."""

    def __init__(self, fit: FitContext) -> None:
        super().__init__(fit)
        self._due = Throttle(_ANSWER_EVERY_S)
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
