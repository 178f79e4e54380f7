"""Models as OpenVINO's intermediate representation, written atomically."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from core.errors import disk_errors
from core.quiet import openvino


def save_ir(model: Any, path: Path) -> None:
    """Convert a Keras model and write ``path`` (.xml) and the .bin beside it, atomically."""
    import tensorflow as tf

    # Traced here: OpenVINO would call the model with a tuple, and Keras warn that it wants none.
    pixels = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")
    answer = tf.function(
        lambda images: model(images, training=False), input_signature=[pixels], autograph=False
    )
    write_ir(openvino().convert_model(answer.get_concrete_function()), path)


def write_ir(model: Any, path: Path) -> None:
    """Write an OpenVINO model: ``path`` (.xml) and the .bin beside it, atomically."""
    with disk_errors("saving the model"):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".ir-", dir=path.parent))
        try:
            openvino().save_model(model, str(folder / path.name), compress_to_fp16=False)
            # The .xml is looked for, so it comes last.
            weights = (folder / path.name).with_suffix(".bin")
            weights.replace(path.with_suffix(".bin"))
            (folder / path.name).replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
