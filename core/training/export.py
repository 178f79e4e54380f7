"""A trained Keras model as OpenVINO IR, and the check that both give the same answers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import disk_errors
from core.quiet import openvino
from core.training.runtime import Compiled

TOLERANCE = 1e-3
CHECK_IMAGES = 64


class ExportDiffers(Exception):
    """The export's answers are not the model's: a defect, never a person's mistake."""


def save_ir(model: Any, path: Path) -> None:
    """Convert a Keras model and write ``path`` (.xml) and the .bin beside it, atomically."""
    import tensorflow as tf

    # Traced here: OpenVINO would call the model with a tuple, and Keras warn that it wants none.
    pixels = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")
    answer = tf.function(
        lambda images: model(images, training=False), input_signature=[pixels], autograph=False
    )
    converted = openvino().convert_model(answer.get_concrete_function())
    with disk_errors("saving the model"):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".ir-", dir=path.parent))
        try:
            openvino().save_model(converted, str(folder / path.name), compress_to_fp16=False)
            # The .xml is looked for, so it comes last.
            weights = (folder / path.name).with_suffix(".bin")
            weights.replace(path.with_suffix(".bin"))
            (folder / path.name).replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def largest_difference(model: Any, path: Path, images: np.ndarray) -> float:
    """The largest difference of any probability between Keras and the export, in float32.

    Args:
        images: uint8, shape (n, size, size, 3), real ones.
    """
    expected = np.asarray(model.predict(images.astype(np.float32), batch_size=16, verbose=0))
    answered = Compiled(path, "float32").predict(images)
    return float(np.abs(expected - answered).max())


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
