"""The whole model as Keras keeps it: to go on training, or to look inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register

_FILE = "model.keras"


def _write(source: Source, folder: Path) -> None:
    source.model.save(folder / _FILE)


def _opened(folder: Path) -> Answer:
    import keras

    model = keras.models.load_model(folder / _FILE, compile=False)
    return lambda pixels: np.asarray(model.predict_on_batch(pixels))


register(
    Format(
        key="keras",
        title="Keras",
        sentence="One .keras file with network and weights, to train further or take apart.",
        runtime="Keras on TensorFlow",
        needs={"keras": "", "tensorflow": ""},
        imports="import keras",
        loading=f'model = keras.models.load_model(HERE / "{_FILE}", compile=False)',
        answering="model.predict_on_batch(pixels)",
        write=_write,
        opened=_opened,
    )
)
