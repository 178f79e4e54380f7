"""A trained Keras model as OpenVINO IR, and the check that both give the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.features.runtime import Compiled, save_ir

TOLERANCE = 1e-3
CHECK_IMAGES = 64
_FEW = 32


class ExportDiffers(Exception):
    """The export's answers are not the model's: a defect, never a person's mistake."""


def largest_difference(model: Any, path: Path, images: np.ndarray) -> float:
    """The largest difference of any probability between Keras and the export, in float32.

    Args:
        images: uint8, shape (n, size, size, 3), real ones.
    """
    answered = Compiled(path, "float32").predict(images)
    return float(np.abs(keras_answers(model, images) - answered).max())


def keras_answers(model: Any, images: np.ndarray) -> np.ndarray:
    """A Keras model's probabilities, float32, shape (n, classes).

    Args:
        images: uint8, shape (n, size, size, 3).
    """
    pixels = images.astype(np.float32)
    if len(images) <= _FEW:
        # Tracing a graph takes longer than to do without.
        return np.asarray(model(pixels, training=False))
    return np.asarray(model.predict(pixels, batch_size=16, verbose=0))


def export_checked(model: Any, path: Path, images: np.ndarray) -> float:
    """:func:`save_ir`, then refuse an export that differs from the model.

    Raises:
        ExportDiffers: by more than ``TOLERANCE`` in any probability of any image.
    """
    save_ir(model, path)
    difference = largest_difference(model, path, images)
    if not difference <= TOLERANCE:
        for part in (path, path.with_suffix(".bin")):
            part.unlink(missing_ok=True)
        raise ExportDiffers(f"probabilities differ by {difference:.2g} on real images")
    return difference
