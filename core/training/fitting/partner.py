"""One of the processes that train a model together: what it does in a step, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.fitting.compiling import building_in, compile_model
from core.training.fitting.share import Share, part_of
from core.training.fitting.start import freeze
from core.training.spec import TrainSpec


@dataclass(frozen=True)
class Found:
    """What came of some images of a step.

    Attributes:
        images: how many.
        gradients: of their mean loss, float32, one a trainable weight.
        answers: shape (images, classes).
        loss: their mean.
        averages: what the model keeps of all that it has seen (batch normalisation's statistics).
    """

    images: int
    gradients: list[np.ndarray]
    answers: np.ndarray
    loss: float
    averages: list[np.ndarray]


class Learner:
    """Computes gradients of a compiled model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.averages = [v for v in model.non_trainable_weights if _is_float(v)]

        @tf.function(reduce_retracing=True)
        def gradients(x: Any, y: Any, weights: Any) -> Any:
            with tf.GradientTape() as tape:
                answers = model(x, training=True)
                loss = model._compute_loss(
                    x=x, y=y, y_pred=answers, sample_weight=weights, training=True
                )
            return tape.gradient(loss, model.trainable_weights), answers, loss

        self._gradients = gradients

    def learn(self, x: Any, y: Any, weights: Any | None) -> Found:
        """What comes of these images: of each x (records), y (shares of classes), weight."""
        gradients, answers, loss = self._gradients(x, y, weights)
        return Found(
            len(y),
            [np.asarray(tf.convert_to_tensor(each)) for each in gradients],
            np.asarray(answers),
            float(loss),
            [np.array(keras.ops.convert_to_numpy(each)) for each in self.averages],
        )


class Partner:
    """Answers for its part of each step; made where it works, of plain values.

    Args:
        spec: of the run, with ``config`` and ``precision`` as its owner has them.
        images, labels: that the run is trained on, as :meth:`Share.read` takes them.
    """

    def __init__(
        self,
        spec: TrainSpec,
        config: BuildConfig,
        precision: str,
        images: pd.DataFrame,
        labels: np.ndarray,
    ) -> None:
        with building_in(precision):
            model = architectures.build(spec.architecture, config)
        freeze(model, spec.frozen)
        compile_model(model, spec, spec.learning_rate)
        self._learner = Learner(model)
        self._batches = Share.read(spec, config.classes, images, labels)
        # Each process hides other features than the others, the same ones if a step is done again.
        states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
        self._chance = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in states]
        self._epoch = -1

    def step(
        self, epoch: int, number: int, which: int, of: int, weights: Sequence[np.ndarray]
    ) -> Found:
        """What comes of part ``which`` of ``of`` of batch ``number`` of an epoch (all from 0), with
        these weights."""
        if epoch != self._epoch:
            self._batches.begin(epoch)
            self._epoch = epoch
        self._learner.model.set_weights(weights)
        for variable, first in self._chance:
            step = epoch * len(self._batches) + number
            variable.assign(np.array([first[0] + 7919 * which, step], first.dtype))
        x, y, *balance = self._batches.some(number, which, of)
        mine = part_of(len(y), which, of)
        return self._learner.learn(x, y[mine], balance[0][mine] if balance else None)


def _is_float(variable: Any) -> bool:
    return "float" in str(variable.dtype)
