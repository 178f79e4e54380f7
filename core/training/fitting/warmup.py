"""What a warm worker does before it has a job, so that the first batch comes soon after a click."""

from __future__ import annotations

import contextlib
import gc

import keras
import numpy as np

from core import settings
from core.datasets.folds import folds
from core.errors import LightboxError
from core.features.backbones import INCLUDED, convert
from core.features.hardware import give_back, resolve
from core.features.weights import find_weights
from core.progress import Reporter
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.augmentation.options import Augmentation
from core.training.auto.looks import FIRST_SIZES
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.callbacks.base import FitPhase
from core.training.fitting.checkpoint import FitState
from core.training.fitting.compiling import building_in
from core.training.fitting.fit import Run, fit
from core.training.heads import HEADS
from core.training.heads.choose import judge
from core.training.heads.head import Problem
from core.training.heads.reduce import reducing
from core.training.spec import TrainSpec
from core.workspace import Workspace


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
    part = FitPhase("", spec, 4, 4, ("a", "b"))
    fit(Run(Reporter(), FitState()), model, train, held_out, part)
    rows = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    few = np.arange(40)
    problem = Problem(rows, few % 2, 2, folds(few % 2, few, 2, 1), np.ones(40))
    for head in HEADS:
        judge(problem, head).steps(reducing(rows, (8,), 1))
    tidy_up()


def convert_included(workspace: Workspace) -> None:
    """Convert the network that comes with Lightbox, for the size at which Auto begins with photos;
    once for a workspace, if its package is installed."""
    # Whoever needs it hears what is wrong.
    with contextlib.suppress(LightboxError):
        if settings.load().ahead and find_weights(INCLUDED) is not None:
            convert.load(workspace, INCLUDED, FIRST_SIZES[0], peaks="all")


def tidy_up() -> None:
    """Forget the last training, so that the next one in this process starts as in a fresh one.

    Keras keeps layer names, graphs and the precision policy for the whole process; models hang in
    cycles of references, which only the collector frees.
    """
    keras.backend.clear_session()
    keras.mixed_precision.set_global_policy("float32")
    gc.collect()
    give_back()
