"""Optimizers, schedules, precision, and the call to ``fit``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from core.progress import Reporter
from core.training.fitting.batches import Batches
from core.training.fitting.callback import Live
from core.training.recipes import Recipe
from core.training.spec import TrainSpec

_WEIGHT_DECAY = 0.02
_LABEL_SMOOTHING = 0.1


@dataclass(frozen=True)
class Fitted:
    """How a fit went.

    Attributes:
        history: one entry an epoch: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds.
        best_epoch: whose weights the model has now, from 1; 0 if no epoch was finished.
        stopped: the person stopped it before the last epoch.
    """

    history: list[dict[str, float]]
    best_epoch: int
    stopped: bool


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Up to the peak over the first part, then down to nothing along a cosine.

    Smith and Topin, "Super-Convergence" (2018), with the cosine of fastai.
    """

    def __init__(self, peak: float, steps: int, warmup: float = 0.25) -> None:
        self.peak, self.steps, self.warmup = peak, steps, warmup

    def __call__(self, step: Any) -> Any:
        ops = keras.ops
        at = ops.cast(step, "float32") / self.steps
        up = 0.04 + 0.96 * at / self.warmup
        down = 0.5 * (1 + ops.cos(math.pi * (at - self.warmup) / (1 - self.warmup)))
        return self.peak * ops.where(at < self.warmup, up, ops.maximum(down, 1e-3))

    def get_config(self) -> dict[str, float]:
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup}


def compile_model(model: Any, spec: TrainSpec, recipe: Recipe, steps: int) -> None:
    """Give the model its optimizer and loss. ``steps``: batches over all epochs."""
    rate: Any = spec.learning_rate
    if recipe.schedule == "one_cycle":
        rate = OneCycle(spec.learning_rate, steps)
    elif recipe.schedule == "cosine":
        rate = OneCycle(spec.learning_rate, steps, warmup=0.05)
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY)
        # Decaying offsets and normalisation only moves them off where they belong.
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        smoothing = _LABEL_SMOOTHING
    else:
        optimizer = keras.optimizers.Adam(rate)
        smoothing = 0.0
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
        metrics=["accuracy"],
        # XLA compiles for longer than short runs on a processor take.
        jit_compile=False,
    )
    _make_variables(model)


def _make_variables(model: Any) -> None:
    """Make now what the first step would make otherwise.

    A step that makes variables is traced twice by TensorFlow, which takes seconds; with these
    (the optimizer's moments, the metrics' sums) the first batch comes twice as soon. Keras has no
    public way to build the metrics that ``compile`` was given.
    """
    model.optimizer.build(model.trainable_variables)
    answers = np.zeros((1, model.output_shape[-1]), np.float32)
    for part in (model._compile_metrics, model._compile_loss):
        part.build(answers, answers)


def fit(
    model: Any, train: Batches, validation: Batches | None, *, spec: TrainSpec, report: Reporter,
    images: int,
) -> Fitted:  # fmt: skip
    """Train, reporting live; afterwards the model has its best weights."""
    live = Live(spec.epochs, images, spec.batch_size, report)
    model.fit(train, validation_data=validation, epochs=spec.epochs, verbose=0, callbacks=[live])
    return Fitted(live.history, live.best_epoch, live.stopped)
