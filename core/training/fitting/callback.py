"""What a training run tells the world while it runs, and what it hears, as a Keras callback."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from core.errors import Cancelled, LightboxError
from core.features.hardware import memory_mb
from core.progress import Reporter, Throttle, wait_while_paused
from core.training.diagnose import diagnose
from core.training.fitting import devices
from core.training.fitting.batches import Batches
from core.training.fitting.checkpoint import Checkpoint, FitState
from core.training.fitting.rates import Plateau, rate_at
from core.training.fitting.tally import Tally, averages
from core.training.spec import TrainSpec

_EVERY_S = 0.3
# Keeping checkpoints and looking at samples may take so much of the time, together.
_SHARE = 0.05
_CLASSES_SHOWN = 60


@dataclass(frozen=True)
class Samples:
    """A few validation examples, to show what the model answers about them.

    Attributes:
        records: what the model takes, shape (n, …).
        paths, labels: of each.
    """

    records: np.ndarray
    paths: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True)
class FitPhase:
    """One fit of a run.

    Attributes:
        name: ``""`` (the only one), ``head`` or ``tuning``.
        before: epochs of the parts before it.
        epochs: its own; ``of``: of all parts.
        peak: learning rate.
        images: training images an epoch; ``batch_size``: of a step.
        prepare: called before each of its epochs with the epoch's number from 0.
    """

    name: str
    before: int
    epochs: int
    of: int
    peak: float
    images: int
    batch_size: int
    classes: Sequence[str] = ()
    samples: Samples | None = None
    prepare: Callable[[int], None] | None = field(default=None)

    @property
    def batches(self) -> int:
        return -(-self.images // self.batch_size)


class Live(keras.callbacks.Callback):
    """Reports every few batches and every epoch, sets the learning rate, keeps the best weights and
    checkpoints, and hears pause, stop and a new learning rate.

    At the end of ``fit`` the model has the weights of the part's best epoch by the spec's metric
    (of equal ones, the lowest validation loss); without validation, the last epoch's. Stopping in
    the middle of an epoch keeps the best of the finished ones, or the weights as they are if there
    is none.

    Args:
        fit_state: where the run stands; gets every finished epoch.
        checkpoint: where to keep it; ``None`` keeps nothing.
        train: told of each epoch's number before it begins.

    Raises:
        LightboxError: from ``fit``, when the loss is no longer a number and nothing was learned.
        Cancelled: from ``fit``, when all is to be dropped.
    """

    def __init__(
        self,
        spec: TrainSpec,
        part: FitPhase,
        fit_state: FitState,
        report: Reporter,
        checkpoint: Checkpoint | None = None,
        train: Batches | None = None,
    ) -> None:
        super().__init__()
        self.spec, self.part, self.fit_state, self.report = spec, part, fit_state, report
        self.checkpoint, self.train = checkpoint, train
        self.stopped = False
        self.weights: list[np.ndarray] | None = None
        self._cut_off = False
        self._fresh_best = False
        self._plateau = Plateau(spec.schedule)
        if fit_state.plateau is not None:
            self._plateau.restore(fit_state.plateau)
        self._often = Throttle(_EVERY_S)
        self._said: set[str] = set()
        self._aside = 0.0  # seconds spent on checkpoints and samples
        self._waiting = 0.0  # seconds paused
        self._counts: np.ndarray | None = None
        self._rate_asked: float | None = fit_state.rate

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._started = time.monotonic()
        self._first_batch_ended: float | None = None
        self._steps_before = 0
        self._seen = (0, 0.0, 0.0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch
        self._epoch_started, self._epoch_waited = time.monotonic(), self._waiting
        self._seen = (0, 0.0, 0.0)
        if self.part.prepare is not None:
            self.part.prepare(epoch)
        if self.train is not None:
            self.train.begin(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        asked = self.report.wishes().learning_rate
        if asked is not None and asked != self._rate_asked:
            self.report.event(
                "note", text=f"The learning rate was set to {asked:g} in epoch {self._number()}."
            )
            self._rate_asked = self.fit_state.rate = asked
        self.model.optimizer.learning_rate = self._rate(batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        now = time.monotonic()
        if self._first_batch_ended is None:
            # The first batch compiles the graph; it says nothing about the rest.
            self._first_batch_ended, self._waiting, self._aside = now, 0.0, 0.0
            self._steps_before = self._epoch * self.part.batches
        if not math.isfinite(logs.get("loss", 0.0)):
            self._not_a_number()
            return
        self._hear(batch)
        if self._often():
            self._tell_batch(batch, logs, now)

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        devices.agree(self.model)

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._cut_off:
            # Nobody waits for the validation of an epoch that doesn't count.
            self.model.stop_evaluating = True

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        tally = next((m for m in self._metrics() if isinstance(m, Tally)), None)
        if tally is not None:
            self._counts = np.asarray(keras.ops.convert_to_numpy(tally.counts))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._cut_off:
            return
        logs = logs or {}
        if not math.isfinite(logs.get("val_loss", 0.0)):
            self._not_a_number()
            return
        entry: dict[str, Any] = {"epoch": self._number(), "part": self.part.name}
        entry |= {name: _round(value) for name, value in logs.items()}
        for name in ("val_loss", "val_accuracy"):
            entry.setdefault(name, None)
        if self._counts is not None and "val_accuracy" in logs:
            known = averages(self._counts)
            wanted = {"f1", *self.spec.metrics, self.spec.best_by} & set(known)
            entry |= {f"val_{name}": _round(known[name]) for name in wanted}
        took = time.monotonic() - self._epoch_started - (self._waiting - self._epoch_waited)
        entry |= {
            "learning_rate": self._rate(self.part.batches - 1),
            "seconds": round(took, 3),
            "memory_mb": memory_mb(),
        }
        better = self._is_better(entry)
        if entry["val_loss"] is None:
            devices.agree(self.model)
        fit_state = self.fit_state
        fit_state.history.append(entry)
        fit_state.epoch, fit_state.part = self._number(), self.part.name
        if better:
            fit_state.best_epoch = entry["epoch"]
            self.weights, self._fresh_best = self.model.get_weights(), True
        self._plateau.epoch_ended(
            entry["val_loss"] if entry["val_loss"] is not None else entry["loss"]
        )
        fit_state.plateau = self._plateau.state()
        self.report.event("epoch", epochs=self.part.of, best=better, **entry)
        self._say_what_is_seen()
        self._stop_early(entry)
        self._keep()
        self._show_samples(entry["epoch"])

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self.checkpoint is not None and not self._cut_off:
            if not self.stopped:
                self.fit_state.parts_done.append(self.part.name)
            self._keep(always=True)
        if self.weights is not None:
            self.model.set_weights(self.weights)

    def _number(self) -> int:
        """The epoch's number from 1, over all parts."""
        return self.part.before + self._epoch + 1

    def _rate(self, batch: int) -> float:
        if self._rate_asked is not None:
            return self._rate_asked
        part = self.part
        step = self._epoch * part.batches + batch
        rate = rate_at(self.spec.schedule, part.peak, step, part.epochs * part.batches, self._epoch)
        return rate * self._plateau.scale

    def _hear(self, batch: int) -> None:
        """Pause while that is wished; notice a wish to stop."""
        wishes = self.report.wishes()
        if wishes.paused and not wishes.stop:
            self.report.event("paused", epoch=self._number(), batch=batch + 1)
            self._waiting += wait_while_paused(self.report)
            wishes = self.report.wishes()
            if not wishes.stop:
                self.report.event("continued", epoch=self._number(), batch=batch + 1)
        if wishes.stop == "discard":
            raise Cancelled
        if wishes.stop:
            self.stopped = True
            self._cut_off = batch + 1 < self.part.batches
            self.model.stop_training = True

    def _tell_batch(self, batch: int, logs: dict[str, float], now: float) -> None:
        part = self.part
        done = self._epoch * part.batches + batch + 1
        steps = done - self._steps_before - 1
        busy = now - (self._first_batch_ended or now) - self._waiting
        each = busy / steps if steps > 0 else None
        left = each * (part.epochs * part.batches - done) if each is not None else None
        loss, accuracy = self._since_last(batch, logs)
        self.report.event(
            "batch",
            epoch=self._number(),
            epochs=part.of,
            batch=batch + 1,
            batches=part.batches,
            loss=_round(loss),
            accuracy=_round(accuracy),
            learning_rate=self._rate(batch),
            images_per_s=round(part.batch_size / each, 1) if each else None,
            seconds_left=None if left is None else round(left, 1),
            memory_mb=memory_mb(),
        )
        self.report.progress(
            "fit",
            part.before * part.batches + done,
            part.of * part.batches,
            f"{_DOING.get(part.name, 'Training')}: epoch {self._number()} of {part.of}",
        )

    def _since_last(self, batch: int, logs: dict[str, float]) -> tuple[float, float]:
        """Loss and accuracy of the batches since they were last told; Keras has the epoch's
        mean."""
        count = batch + 1
        seen, loss, accuracy = self._seen
        sums = (logs.get("loss", 0.0) * count, logs.get("accuracy", 0.0) * count)
        new = count - seen
        self._seen = (count, *sums)
        share = min(1.0, max(0.0, (sums[1] - accuracy) / new))
        return (sums[0] - loss) / new, share

    def _is_better(self, entry: dict[str, Any]) -> bool:
        score = _score(entry, self.spec.best_by)
        if score is None:
            return True
        fit_state, tie = self.fit_state, -entry["val_loss"]
        if fit_state.best is None or (score, tie) > (fit_state.best, fit_state.tie or -math.inf):
            fit_state.best, fit_state.tie = score, tie
            return True
        return False

    def _stop_early(self, entry: dict[str, Any]) -> None:
        stopping, fit_state = self.spec.stopping, self.fit_state
        score = _score(entry, stopping.metric)
        if not stopping.patience or score is None:
            return
        if fit_state.stop_best is None or score > fit_state.stop_best:
            fit_state.stop_best, fit_state.waited = score, 0
            return
        fit_state.waited += 1
        if fit_state.waited >= stopping.patience:
            self.report.event(
                "note",
                text=f"Stopped early after epoch {entry['epoch']}: no better validation "
                f"{stopping.metric.replace('_', ' ')} in {fit_state.waited} epochs.",
            )
            self.model.stop_training = True

    def _say_what_is_seen(self) -> None:
        own = [entry for entry in self.fit_state.history if entry["part"] == self.part.name]
        for found in diagnose(own, len(self.part.classes) or 2, self.part.epochs):
            if found.key not in self._said:
                self._said.add(found.key)
                self.report.event(
                    "diagnosis",
                    key=found.key,
                    text=found.text,
                    remedy=found.remedy,
                    epoch=self._number(),
                )

    def _keep(self, *, always: bool = False) -> None:
        """Write a checkpoint, unless that would take more than a small share of the time."""
        if self.checkpoint is None:
            return
        began = time.monotonic()
        too_often = self._aside > _SHARE * (began - self._started - self._waiting)
        if too_often and self._aside > 0.5 and not always:
            return
        self.checkpoint.save(self.fit_state, self.model, self.weights if self._fresh_best else None)
        self._fresh_best = False
        self._aside += time.monotonic() - began

    def _show_samples(self, epoch: int) -> None:
        """The confusion matrix of the validation images, and answers about a few of them."""
        began = time.monotonic()
        shown: dict[str, Any] = {"epoch": epoch, "labels": list(self.part.classes)}
        if self._counts is not None and len(self.part.classes) <= _CLASSES_SHOWN:
            shown["confusion"] = self._counts.astype(int).tolist()
        samples = self.part.samples
        too_often = self._aside > _SHARE * (began - self._started - self._waiting)
        if samples is not None and len(samples.paths) and not (too_often and self._aside > 0.5):
            answers = np.asarray(
                keras.ops.convert_to_numpy(self.model(samples.records, training=False))
            )
            shown["samples"] = [
                {
                    "path": path,
                    "label": label,
                    "answer": self.part.classes[int(row.argmax())],
                    "confidence": _round(row.max()),
                }
                for path, label, row in zip(samples.paths, samples.labels, answers, strict=True)
            ]
        if "confusion" in shown or "samples" in shown:
            self.report.snapshot("snapshot", **shown)
        self._aside += time.monotonic() - began

    def _not_a_number(self) -> None:
        rate = self._rate(0)
        advice = f"Lower the learning rate, for example to a tenth of {rate:.2g}, and train again."
        if not self.fit_state.best_epoch:
            raise LightboxError(
                "Training went out of control: the loss is no longer a number.", remedy=advice
            )
        self.report.event(
            "diagnosis",
            key="not_a_number",
            epoch=self._number(),
            remedy=advice,
            text="Training went out of control: the loss is no longer a number. It was stopped, "
            f"and the best epoch ({self.fit_state.best_epoch}) is kept.",
        )
        self._cut_off = True
        self.model.stop_training = True

    def _metrics(self) -> list[Any]:
        return list(getattr(self.model._compile_metrics, "metrics", []))


_DOING = {"head": "Learning the last step", "tuning": "Fine-tuning"}


def _score(entry: dict[str, Any], metric: str) -> float | None:
    """Higher is better; ``None`` without validation images."""
    value = entry.get(f"val_{metric}")
    if value is None or entry["val_loss"] is None:
        return None
    return -value if metric == "loss" else float(value)


def _round(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)
