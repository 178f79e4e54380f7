"""Several processes train one model: each computes gradients of its part of the same batch.

The owner of the run sends its weights with every step, averages what comes back, and makes the
step; all callbacks and checkpoints are its own. So nobody else has anything that could be lost:
what a partner that has gone would have done is done by the owner, and the next epoch is divided
between those that are left.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.progress import Colleague, Gone
from core.text import plural
from core.training.context import Data, TrainingContext
from core.training.fitting.batches import Batches
from core.training.fitting.partner import Found, Learner, Share, part_of

_PARTNER = "core.training.fitting.partner:Partner"


def gather(context: TrainingContext, data: Data, train: Batches) -> Team | None:
    """Those who train together, as many of ``spec.together`` as there are; ``None`` for one.

    Somebody is told of it where there are fewer.
    """
    spec = context.spec
    if spec.together < 2:
        return None
    share = Share.made_of(train)
    found: list[Colleague] = []
    if context.precision != "float16":
        images = data.table.iloc[data.train][["path", "hash"]]
        told = (spec, context.build_config, context.precision, images, data.labels[data.train])
        given = [told] * (spec.together - 1)
        context.report.progress("fit", 0, None, "Waiting for those who train together")
        found = context.report.hire(_PARTNER, given)
    if len(found) + 1 < spec.together:
        context.report.event(
            "note",
            text=f"Trains on {plural(len(found) + 1, 'process', 'processes')} instead of "
            f"{spec.together}: a Ray cluster with as many free places is needed for more.",
        )
    return Team(share, found, context) if found else None


class Team(keras.callbacks.Callback):
    """The owner's side: a Keras callback, which hears of epochs and batches.

    Attributes:
        batches: what the owner is to be trained on: its own part, and the labels of all.
    """

    def __init__(self, batches: Share, partners: list[Colleague], context: TrainingContext) -> None:
        super().__init__()
        self.batches, self._report = batches, context.report
        self._partners, self._places = partners, list(partners)
        self._epoch = self._number = 0

    def lead(self, model: Any) -> None:
        """Have Keras's ``fit`` of a compiled model make its steps together."""
        self._learner = Learner(model)

        @tf.function(reduce_retracing=True)
        def apply(gradients: Any) -> None:
            model.optimizer.apply(gradients, model.trainable_weights)

        self._apply = apply
        model.train_function = self._step

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # Parts are numbered anew, so that each is somebody's.
        self._places = list(self._partners)
        self._epoch, self.batches.of = epoch, 1 + len(self._places)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._number = batch

    def leave(self) -> None:
        """Let the partners go."""
        for each in self._partners:
            each.leave()

    def _step(self, iterator: Any) -> dict[str, Any]:
        x, y, *balance = next(iterator)
        weights = balance[0] if balance else None
        model, of, images = self._learner.model, self.batches.of, int(y.shape[0])
        before = [np.asarray(keras.ops.convert_to_numpy(each)) for each in model.weights]
        averages = [np.array(keras.ops.convert_to_numpy(v)) for v in self._learner.averages]
        asked = [
            self._ask(which, partner, before) if _size(images, which, of) else None
            for which, partner in enumerate(self._places, 1)
        ]
        found: list[Found | None] = [self._mine(x, y, weights, 0)]
        for which, answer in enumerate(asked, 1):
            came = answer() if answer is not None else None
            if came is None and _size(images, which, of):
                for variable, value in zip(self._learner.averages, averages, strict=True):
                    variable.assign(value)
                records = self.batches.some(self._number, which, of)[0]
                came = self._mine(records, y, weights, which)
            found.append(came)
        return self._finish([each for each in found if each is not None], y, weights)

    def _ask(self, which: int, partner: Colleague, weights: list[np.ndarray]) -> Any:
        """Ask for a part; gives what waits for it. ``None`` where the partner is gone."""
        if partner not in self._partners:
            return None
        answer = partner.ask("step", self._epoch, self._number, which, self.batches.of, weights)

        def came() -> Found | None:
            try:
                found: Found = answer()
            except Gone:
                self._partners.remove(partner)
                self._report.event(
                    "note",
                    text="One of the processes that train together is gone; the others go on.",
                )
                return None
            return found

        return came

    def _mine(self, x: Any, y: Any, weights: Any, which: int) -> Found | None:
        part = part_of(int(y.shape[0]), which, self.batches.of)
        if part.start == part.stop:
            return None
        return self._learner.learn(x, y[part], None if weights is None else weights[part])

    def _finish(self, found: list[Found], y: Any, weights: Any) -> dict[str, Any]:
        """Make the step, and count it in the metrics as one of the whole batch."""
        model, images = self._learner.model, sum(each.images for each in found)
        shares = [each.images / images for each in found]

        def mean(values: list[np.ndarray]) -> np.ndarray:
            total = sum(share * value for share, value in zip(shares, values, strict=True))
            return np.asarray(total, values[0].dtype)

        self._apply([mean(list(each)) for each in zip(*(f.gradients for f in found), strict=True)])
        kept = zip(*(each.averages for each in found), strict=True)
        for variable, values in zip(self._learner.averages, kept, strict=True):
            variable.assign(mean(list(values)))
        loss = sum(share * each.loss for share, each in zip(shares, found, strict=True))
        model._loss_tracker.update_state(loss, sample_weight=images)
        answers = np.concatenate([each.answers for each in found])
        metrics: dict[str, Any] = model.compute_metrics(None, y, answers, sample_weight=weights)
        return metrics


def _size(images: int, which: int, of: int) -> int:
    part = part_of(images, which, of)
    return part.stop - part.start
