"""Optimizer, loss, metrics and precision, from a spec to Keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from core.training.fitting.tally import Tally
from core.training.options import Loss
from core.training.options import Optimizer as Options
from core.training.spec import TrainSpec

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


@contextmanager
def building_in(precision: str) -> Iterator[None]:
    """Layers that are made inside compute in this precision (weights stay float32)."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def make_optimizer(options: Options, rate: float) -> Any:
    """The Keras optimizer; its rate is set anew before every step."""
    common: dict[str, Any] = {
        "learning_rate": rate,
        "weight_decay": options.weight_decay or None,
        "clipnorm": options.clip_norm or None,
    }
    made: Any
    if options.name in ("adam", "adamw"):
        kind = keras.optimizers.Adam if options.name == "adam" else keras.optimizers.AdamW
        if options.name == "adamw":
            common["weight_decay"] = options.weight_decay
        made = kind(beta_1=options.beta_1, beta_2=options.beta_2, **common)
    elif options.name == "sgd":
        # Nesterov's look ahead needs a momentum to look along.
        nesterov = options.nesterov and options.momentum > 0
        made = keras.optimizers.SGD(momentum=options.momentum, nesterov=nesterov, **common)
    else:
        made = keras.optimizers.RMSprop(momentum=options.momentum, **common)
    if options.weight_decay:
        # Decaying offsets and normalisation only moves them off where they belong.
        made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def make_loss(loss: Loss) -> Any:
    """The Keras loss of probabilities (n, classes) against shares of classes."""
    if loss.name == "binary":
        # Over both columns, whose mean is the two-class cross-entropy of either.
        return keras.losses.BinaryCrossentropy(label_smoothing=loss.label_smoothing)
    if loss.name == "focal":
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=loss.gamma, label_smoothing=loss.label_smoothing
        )
    return keras.losses.CategoricalCrossentropy(label_smoothing=loss.label_smoothing)


def compile_model(model: Any, spec: TrainSpec, rate: float) -> None:
    """Give the model its optimizer, loss and metrics; all its variables exist afterwards."""
    classes = model.output_shape[-1]
    metrics: list[Any] = ["accuracy", Tally(classes)]
    if "top_3" in spec.metrics:
        metrics.append(keras.metrics.TopKCategoricalAccuracy(3, name="top_3"))
    if "auc" in spec.metrics:
        metrics.append(keras.metrics.AUC(name="auc", multi_label=True, num_labels=classes))
    model.compile(
        optimizer=make_optimizer(spec.optimizer, rate),
        loss=make_loss(spec.loss),
        metrics=metrics,
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
