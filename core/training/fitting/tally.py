"""The confusion matrix as a Keras metric, so that it costs no extra pass over the images."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("lightbox")
class Tally(keras.metrics.Metric):
    """Counts true class against answered class; its result is the macro-averaged F1.

    Attributes:
        counts: float32 variable, shape (classes, classes): rows true, columns answered.
    """

    def __init__(self, classes: int, name: str = "f1", dtype: Any = "float32") -> None:
        super().__init__(name=name, dtype=dtype)
        self.classes = classes
        self.counts = self.add_weight(shape=(classes, classes), initializer="zeros", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        true = ops.one_hot(ops.argmax(y_true, -1), self.classes, dtype="float32")
        answered = ops.one_hot(ops.argmax(y_pred, -1), self.classes, dtype="float32")
        self.counts.assign(self.counts + ops.matmul(ops.transpose(true), answered))

    def result(self) -> Any:
        right = ops.diagonal(self.counts)
        true, answered = ops.sum(self.counts, 1), ops.sum(self.counts, 0)
        f1 = 2 * right / ops.maximum(true + answered, 1.0)
        present = ops.cast(true + answered > 0, "float32")
        return ops.sum(f1) / ops.maximum(ops.sum(present), 1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}


def averages(counts: np.ndarray) -> dict[str, float]:
    """Macro-averaged figures of a confusion matrix (rows true), over the classes that occur.

    Returns:
        ``f1``, ``precision``, ``recall`` and ``balanced_accuracy`` (recall over classes that have
        images), each 0 to 1; as scikit-learn with ``zero_division=0``.
    """
    right, true, answered = np.diag(counts), counts.sum(1), counts.sum(0)
    occurs = (true + answered) > 0
    precision = right / np.maximum(answered, 1)
    recall = right / np.maximum(true, 1)
    f1 = 2 * right / np.maximum(true + answered, 1)
    return {
        "f1": float(f1[occurs].mean()) if occurs.any() else 0.0,
        "precision": float(precision[occurs].mean()) if occurs.any() else 0.0,
        "recall": float(recall[occurs].mean()) if occurs.any() else 0.0,
        "balanced_accuracy": float(recall[true > 0].mean()) if (true > 0).any() else 0.0,
    }
