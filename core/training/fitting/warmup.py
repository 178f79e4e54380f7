"""What a warm worker does before it has a job, so that the first batch comes soon after a click."""

from __future__ import annotations

import gc

import keras
import numpy as np

from core.features.hardware import resolve
from core.progress import Reporter
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.augmentation.options import Augmentation
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.checkpoint import FitState
from core.training.fitting.compiling import building_in
from core.training.fitting.fit import Run, fit
from core.training.fitting.phase import FitPhase
from core.training.spec import TrainSpec


def warm_up() -> None:
    """Import everything, and train a tiny network for a step.

    TensorFlow loads its kernels and Keras its code for tracing only when they are first used, which
    is half of the time to the first batch.
    """
    spec = TrainSpec(
        dataset_id="none",
        dataset_version=1,
        recipe="scratch",
        architecture="compact",
        image_size=16,
        epochs=1,
        batch_size=4,
        learning_rate=0.001,
    )
    with building_in(resolve("auto")):
        model = architectures.build("compact", BuildConfig(16, 2))
    pixels = np.zeros((4, 16, 16, 3), np.uint8)
    slots, labels = np.arange(4)[None], np.array([0, 1, 0, 1])
    light = Augmentation.model_validate("light")
    train = Batches(Examples([pixels], slots, labels, 2), batch_size=4, seed=1, augmentation=light)
    held_out = Batches(Examples([pixels], slots, labels, 2), batch_size=4, seed=None)
    part = FitPhase("", 0, 1, 1, 0.001, 4, 4, ("a", "b"))
    fit(Run(spec, Reporter(), FitState()), model, train, held_out, part)
    tidy_up()


def tidy_up() -> None:
    """Forget the last training, so that the next one in this process starts as in a fresh one.

    Keras keeps layer names, graphs and the precision policy for the whole process; models hang in
    cycles of references, which only the collector frees.
    """
    keras.backend.clear_session()
    keras.mixed_precision.set_global_policy("float32")
    gc.collect()
