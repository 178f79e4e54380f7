"""All that a model's next step depends on, as arrays: to keep it, and to put it back."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def state_of(model: Any) -> list[Any]:
    """Variables of a compiled model and of its optimizer.

    Dropout's generators are among them; metrics are not, since they begin anew with every epoch.
    """
    metrics = {id(variable) for variable in model.metrics_variables}
    own = {id(v): v for v in model.variables if id(v) not in metrics}
    return [*own.values(), *model.optimizer.variables]


def values_of(model: Any) -> list[np.ndarray]:
    """Copies of their values."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in state_of(model)]
