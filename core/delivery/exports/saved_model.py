"""TensorFlow's own folder format: for TensorFlow Serving and other converters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register

_FOLDER = "saved_model"


def _write(source: Source, folder: Path) -> None:
    source.in_use.export(folder / _FOLDER, format="tf_saved_model", verbose=False)


def _opened(folder: Path) -> Answer:
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / _FOLDER))
    return lambda pixels: np.asarray(model.serve(pixels))


register(
    Format(
        key="saved-model",
        title="TensorFlow SavedModel",
        sentence="A folder that TensorFlow Serving and many cloud services take as it is.",
        runtime="TensorFlow",
        needs={"tensorflow": ""},
        imports="import tensorflow as tf",
        loading=f'model = tf.saved_model.load(str(HERE / "{_FOLDER}"))',
        answering="model.serve(pixels).numpy()",
        write=_write,
        opened=_opened,
    )
)
