"""Training a whole network on pixels: from random weights, or from those of an earlier model."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.training import architectures
from core.training.fitting import prepared
from core.training.fitting.batches import Batches
from core.training.fitting.callback import Part, Samples
from core.training.fitting.fit import Run, epochs_done, fit
from core.training.fitting.start import freeze, source_of, start_from
from core.training.work import Data, Work


def fit_whole(work: Work, data: Data, run: Run) -> tuple[Any, bool]:
    """Returns the model in float32, uncompiled, and whether the person stopped it."""
    spec = work.spec
    with work.phase("fit"):
        if spec.weights == "none":
            model = prepared.take(work) or prepared.build(work)
        else:
            model = prepared.build(work)
            start_from(work, model, source_of(work)[0])
            freeze(model, spec.frozen)
        part = Part(
            "",
            0,
            spec.epochs,
            spec.epochs,
            spec.learning_rate,
            len(data.train),
            data.batch_size,
            work.classes,
            samples(data),
        )
        train, validation = pixel_batches(work, data, epochs_done(run.standing, part))
        stopped = fit(run, model, train, validation, part)
        # What is saved computes in float32, so that it gives the same answers everywhere, and has
        # no optimizer, so that Keras opens it anywhere.
        trained = model.get_weights()
        model = architectures.build(spec.architecture, work.wanted)
        model.set_weights(trained)
    return model, stopped


def pixel_batches(
    work: Work, data: Data, epoch: int, through: Any = None
) -> tuple[Batches, Batches | None]:
    """Batches of training images, varied, and of validation images, as they are."""
    spec, count = work.spec, len(work.classes)

    def batches(rows: np.ndarray, **options: Any) -> Batches:
        return Batches(
            [data.pixels.store],
            data.pixels.slots[rows],
            data.labels[rows],
            count,
            through=through,
            **options,
        )

    train = batches(
        data.train,
        batch_size=data.batch_size,
        seed=spec.seed,
        augmentation=spec.augmentation,
        balance=spec.balance,
        epoch=epoch,
    )
    if not len(data.validation):
        return train, None
    return train, batches(data.validation, batch_size=64, seed=None)


def samples(data: Data, through: Any = None) -> Samples:
    """A few validation images as the model takes them."""
    rows = data.samples()
    images = data.pixels.take(rows)
    records = through(images) if through is not None and len(rows) else images
    return Samples(
        np.asarray(records, np.float32),
        list(data.table["path"].to_numpy()[rows]),
        list(data.table["label"].to_numpy()[rows]),
    )
