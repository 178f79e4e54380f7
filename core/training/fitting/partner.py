"""One of the processes that train a model together: its part of a step's batch, which it reads and
varies itself, and what it does in a step, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from core.catalog import open_catalog
from core.datasets.pixels import Files, load_pixels
from core.errors import NotFound
from core.training import architectures, recipes
from core.training.architectures import BuildConfig
from core.training.augmentation.mix import mix
from core.training.augmentation.vary import vary, vary_some
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.compiling import building_in, compile_model
from core.training.fitting.start import freeze
from core.training.spec import TrainSpec
from core.who import MACHINE, acting_as
from core.workspace import open_workspace


class Share(Batches):
    """Batches of which this process takes a part.

    Attributes:
        which, of: it takes part ``which`` (from 0) of ``of``.
    """

    which, of = 0, 1

    @classmethod
    def made_of(cls, batches: Batches) -> Share:
        """These batches, to be divided."""
        made = cls.__new__(cls)
        made.__dict__.update(batches.__dict__)
        return made

    @classmethod
    def read(cls, spec: TrainSpec, classes: int, images: pd.DataFrame, labels: np.ndarray) -> Share:
        """A run's training images as another process reads them: from a disk of its own, if it has
        no part of the owner's.

        Args:
            images: ``path`` and ``hash`` of each, as they were scanned.
            labels, classes: as :class:`Examples` has them.

        Raises:
            NotFound: an image is not here, or another one in its place.
            LightboxError: as :func:`load_pixels`, and those of lists and files that can't be
                reached from here.
        """
        with acting_as(MACHINE):
            workspace = open_workspace()
            root = workspace.load_path(open_catalog(workspace).datasets.get(spec.dataset_id).root)
            files = Files(root, images, spec.image_size, spec.resize, spec.as_decoded)
            pixels = load_pixels(workspace, spec.dataset_id, files)
        if (pixels.slots < 0).any():
            raise NotFound("Not all images can be read here that are trained on.", file=root)
        return cls(
            Examples([pixels.store], pixels.slots, labels, classes),
            batch_size=recipes.batch_size(spec, len(images)),
            seed=spec.seed,
            augmentation=spec.augmentation if spec.augmentation.active else None,
            balance=spec.balance,
        )

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        """Records of this process's part, and labels (and weights) of the whole batch."""
        records, *rest = self.some(number, self.which, self.of)
        return records, *rest

    def some(self, number: int, which: int, of: int) -> tuple[Any, ...]:
        """As :meth:`__getitem__`, of any part: the same, whoever asks."""
        at = slice(number * self._batch, (number + 1) * self._batch)
        rows, views = self._order[at], self._view[at]
        labels, part = self._shares[self.labels[rows]], part_of(len(rows), which, of)
        options = self._augmentation
        rng = np.random.default_rng([self._seed or 0, 7, self._epoch, number])
        if options is None:
            records = self._read(rows[part], views[part])
        elif options.mixes:
            # Of two images each, from anywhere in the batch.
            records = vary(self._read(rows, views), options, rng)
            records, labels = mix(records, labels, options, rng)
            records = records[part]
        else:
            read = self._read(rows[part], views[part])
            records = vary_some(read, options, rng, part, len(rows))
        records = np.asarray(records, np.float32)
        if self._balance == "weights":
            return records, labels, labels @ self._rarity
        return records, labels


def part_of(images: int, which: int, of: int) -> slice:
    """Which of a batch's images make up a part."""
    return slice(images * which // of, images * (which + 1) // of)


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
