"""Only the weights, and the network as JSON beside them: for whoever has Keras code of their
own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register

_NETWORK, _WEIGHTS = "architecture.json", "model.weights.h5"


def _write(source: Source, folder: Path) -> None:
    (folder / _NETWORK).write_text(source.model.to_json(), encoding="utf-8")
    source.model.save_weights(folder / _WEIGHTS)


def _opened(folder: Path) -> Answer:
    import keras

    model = keras.models.model_from_json((folder / _NETWORK).read_text(encoding="utf-8"))
    model.load_weights(folder / _WEIGHTS)
    return lambda pixels: np.asarray(model.predict_on_batch(pixels))


register(
    Format(
        key="weights",
        title="Weights only",
        sentence="A .weights.h5 file, and the network as readable JSON beside it.",
        runtime="Keras on TensorFlow",
        needs={"keras": "", "tensorflow": ""},
        imports="import keras",
        loading=(
            f'network = (HERE / "{_NETWORK}").read_text(encoding="utf-8")\n'
            "model = keras.models.model_from_json(network)\n"
            f'model.load_weights(HERE / "{_WEIGHTS}")'
        ),
        answering="model.predict_on_batch(pixels)",
        write=_write,
        opened=_opened,
    )
)
