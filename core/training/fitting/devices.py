"""Which processors train, and in what precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from core.features import hardware
from core.features.hardware import Precision


def spread() -> AbstractContextManager[Any]:
    """Models that are built inside train on all GPUs there are (or, where somebody has divided the
    processor into several logical devices, on these), each taking a part of every batch."""
    for kind in ("GPU", "CPU"):
        devices = tf.config.list_logical_devices(kind)
        if len(devices) > 1:
            names = [device.name for device in devices]
            # Plain copies between logical processors; GPUs have their own way.
            across = tf.distribute.HierarchicalCopyAllReduce() if kind == "CPU" else None
            strategy = tf.distribute.MirroredStrategy(names, cross_device_ops=across)
            scope: AbstractContextManager[Any] = strategy.scope()
            return scope
        if devices:
            break
    return nullcontext()


def precision(wanted: Precision) -> str:
    """What a spec's precision means on the device that trains.

    On GPUs ``auto`` is bfloat16 from compute capability 8 on, float16 from 7 on: where there are
    tensor cores for it.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if wanted != "auto" or not gpus:
        return hardware.resolve(wanted)
    details = tf.config.experimental.get_device_details(gpus[0])
    major = details.get("compute_capability", (0, 0))[0]
    return "bfloat16" if major >= 8 else "float16" if major >= 7 else "float32"


def agree(model: Any) -> None:
    """Give all devices the mean of what each has averaged over its own part of the batches (batch
    normalisation's statistics), so that what is validated on all is what is saved of one."""
    strategy = model.distribute_strategy
    if strategy.num_replicas_in_sync == 1:
        return
    for variable in model.non_trainable_variables:
        values = [np.asarray(v) for v in strategy.experimental_local_results(variable.value)]
        if np.issubdtype(values[0].dtype, np.floating):
            variable.assign(np.mean(values, axis=0))
