"""What a warm worker does before it has a job, so that the first batch comes soon after a click."""

from __future__ import annotations

import keras
import numpy as np

from core.features.hardware import resolve
from core.progress import Reporter
from core.training import architectures
from core.training.fitting.batches import Batches
from core.training.fitting.fit import compile_model, fit
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec


def warm_up() -> None:
    """Import everything, and train a tiny network for a step.

    TensorFlow loads its kernels and Keras its code for tracing only when they are first used, which
    is half of the time to the first batch.
    """
    spec = TrainSpec(
        dataset_id="none", dataset_version=1, recipe="compact", image_size=16, epochs=1,
        batch_size=4, learning_rate=0.001,
    )  # fmt: skip
    policy = "mixed_bfloat16" if resolve("auto") == "bfloat16" else "float32"
    keras.mixed_precision.set_global_policy(policy)
    model = architectures.build("compact", 16, 2)
    keras.mixed_precision.set_global_policy("float32")
    pixels = np.zeros((4, 16, 16, 3), np.uint8)
    slots, labels = np.arange(4), np.array([0, 1, 0, 1])
    train = Batches(pixels, slots, labels, 2, batch_size=4, seed=1, augment=True)
    held_out = Batches(pixels, slots, labels, 2, batch_size=4, seed=None)
    compile_model(model, spec, RECIPES["compact"], 1)
    fit(model, train, held_out, spec=spec, report=Reporter(), images=4)
    keras.backend.clear_session()
