"""A network that is built and traced before anybody asks for it, so that training begins at once.

TensorFlow needs seconds to trace a training step. While somebody looks at the settings, a warm
worker does that for them, and keeps the model here; a training with the same settings takes it, and
learns exactly as with a model of its own, since every variable is put back to where it began.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import keras
import numpy as np

from core.training import architectures
from core.training.context import TrainingContext
from core.training.fitting import devices
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.checkpoint import state_of, values_of
from core.training.fitting.compiling import building_in, compile_model

# One model at most: they are large, and only the last settings that were looked at count.
_kept: dict[str, Any] = {}


def key_of(context: TrainingContext) -> str:
    """What a traced model depends on: two trainings with the same key can share one."""
    spec = context.spec
    config = dataclasses.asdict(context.build_config) | {
        "stack": [one.model_dump() for one in spec.stack]
    }
    said = {
        "architecture": spec.architecture,
        "config": config,
        "precision": context.precision,
        "seed": spec.seed,
        "weighted": spec.balance == "weights",
        **spec.model_dump(mode="json", include={"optimizer", "loss", "metrics"}),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def build(context: TrainingContext) -> Any:
    """The network with its first weights, as the seed has them."""
    keras.utils.set_random_seed(context.spec.seed)
    with devices.spread(), building_in(context.precision):
        return architectures.build(context.spec.architecture, context.build_config)


def prepare(context: TrainingContext) -> None:
    """Build, compile and trace, and keep the model for :func:`take`."""
    key = key_of(context)
    if key in _kept:
        return
    _kept.clear()
    model = build(context)
    with model.distribute_strategy.scope():
        compile_model(model, context.spec, context.spec.learning_rate)
    start = values_of(model)
    spec, count = context.spec, len(context.classes)
    images = np.zeros((4, spec.image_size, spec.image_size, 3), np.uint8)
    slots, labels = np.arange(4)[None], np.arange(4) % count
    train = Batches(
        Examples([images], slots, labels, count), batch_size=2, seed=1, balance=spec.balance
    )
    held_out = Batches(Examples([images], slots, labels, count), batch_size=4, seed=None)
    model.fit(train, validation_data=held_out, epochs=1, verbose=0)
    for variable, value in zip(state_of(model), start, strict=True):
        variable.assign(value)
    model.reset_metrics()
    _kept[key] = model


def take(context: TrainingContext) -> Any | None:
    """The model that was prepared for these settings, compiled; nobody else gets it again."""
    model = _kept.pop(key_of(context), None)
    _kept.clear()
    if model is not None:
        # As it would be after building: what is drawn next must not depend on preparing.
        keras.utils.set_random_seed(context.spec.seed)
    return model
