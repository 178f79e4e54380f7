"""Training a whole network on pixels: from random weights, or from those of an earlier model."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.training import architectures
from core.training.context import Data, TrainingContext
from core.training.fitting import prepared
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.callbacks.base import FitPhase, Samples
from core.training.fitting.fit import Run, epochs_done, fit
from core.training.fitting.start import freeze, source_of, start_from
from core.training.fitting.team import gather


def fit_whole(context: TrainingContext, data: Data, run: Run) -> tuple[Any, bool]:
    """Returns the model in float32, uncompiled, and whether the person stopped it."""
    spec = context.spec
    with context.phase("fit"):
        if spec.weights == "none":
            model = prepared.take(context) or prepared.build(context)
        else:
            model = prepared.build(context)
            start_from(context, model, source_of(context)[0])
            freeze(model, spec.frozen)
        shown = samples(data, data.pixels.take(data.samples()))
        part = FitPhase("", spec, len(data.train), data.batch_size, context.classes, shown)
        train, validation = pixel_batches(context, data, epochs_done(run.fit_state, part))
        team = gather(context, data, train) if run.finder is None else None
        try:
            stopped = fit(run, model, train, validation, part, team)
        finally:
            if team is not None:
                team.leave()
        # What is saved computes in float32, so that it gives the same answers everywhere, and has
        # no optimizer, so that Keras opens it anywhere.
        trained = model.get_weights()
        model = architectures.build(spec.architecture, context.build_config)
        model.set_weights(trained)
    return model, stopped


def pixel_batches(
    context: TrainingContext, data: Data, epoch: int, preprocess: Any = None
) -> tuple[Batches, Batches | None]:
    """Batches of training images, varied, and of validation images, as they are."""
    spec, count = context.spec, len(context.classes)

    def batches(rows: np.ndarray, **options: Any) -> Batches:
        return Batches(
            Examples([data.pixels.store], data.pixels.slots[rows], data.labels[rows], count),
            preprocess=preprocess,
            **options,
        )

    train = batches(
        data.train,
        batch_size=data.batch_size,
        seed=spec.seed,
        augmentation=spec.augmentation if spec.augmentation.active else None,
        balance=spec.balance,
        epoch=epoch,
    )
    if not len(data.validation):
        return train, None
    return train, batches(data.validation, batch_size=64, seed=None)


def samples(data: Data, records: np.ndarray) -> Samples:
    """A few validation images.

    Args:
        records: what the model takes of :meth:`Data.samples`.
    """
    rows = data.samples()
    return Samples(
        np.asarray(records, np.float32),
        list(data.table["path"].to_numpy()[rows]),
        list(data.table["label"].to_numpy()[rows]),
    )
