"""ONNX, which nearly everything reads: ONNX Runtime in a dozen languages, browsers, databases."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register

_FILE = "model.onnx"


def _write(source: Source, folder: Path) -> None:
    import keras

    shape = (None, *source.model.input_shape[1:])
    pixels = keras.InputSpec(shape=shape, dtype="float32", name="pixels")
    with warnings.catch_warnings():
        # tf2onnx asks NumPy for names that it has no more, and copes.
        warnings.simplefilter("ignore", FutureWarning)
        source.in_use.export(folder / _FILE, format="onnx", verbose=False, input_signature=[pixels])


def _opened(folder: Path) -> Answer:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / _FILE), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pixels: np.asarray(session.run(None, {name: pixels})[0])


register(
    Format(
        key="onnx",
        title="ONNX",
        sentence="One file that C#, Java, JavaScript, C++ and Python programs can ask.",
        runtime="ONNX Runtime",
        needs={"onnxruntime": "1.18"},
        makers=("tf2onnx", "onnx", "onnxruntime"),
        imports="import onnxruntime",
        loading=f'session = onnxruntime.InferenceSession(str(HERE / "{_FILE}"))\n'
        "name = session.get_inputs()[0].name",
        answering="session.run(None, {name: pixels})[0]",
        write=_write,
        opened=_opened,
    )
)
