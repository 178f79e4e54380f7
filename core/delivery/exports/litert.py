"""LiteRT (once TensorFlow Lite), for phones and small devices: 32, 16 and 8 bits a number.

Converted and checked with what TensorFlow brings. Its interpreter is deprecated there in favour of
a package of its own, ai-edge-litert, which is what the example uses; the same code under both
names.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.delivery.exports.formats import EXACT, Answer, Format, Source, register

_FILE = "model.tflite"


def _convert(
    source: Source, folder: Path, choose: Callable[[Any, Any], None] | None = None
) -> None:
    """Write the model for one image at a time, as phones ask it.

    Args:
        choose: sets the converter's options; told of TensorFlow and the converter.
    """
    import keras
    import tensorflow as tf

    model = source.model
    pixels = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="pixels")
    with tempfile.TemporaryDirectory(prefix="lightbox-") as temporary:
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint(
            "serve",
            lambda images: {"probabilities": model(images, training=False)},
            input_signature=[pixels],
        )
        archive.write_out(temporary, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(temporary)
        if choose is not None:
            choose(tf, converter)
        with warnings.catch_warnings():
            # Its own notes on how it works inside.
            warnings.simplefilter("ignore", UserWarning)
            converted = converter.convert()
    (folder / _FILE).write_bytes(converted)


def _float32(source: Source, folder: Path) -> None:
    _convert(source, folder)


def _float16(source: Source, folder: Path) -> None:
    def choose(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]

    _convert(source, folder, choose)


def _int8(source: Source, folder: Path) -> None:
    """Weights and what flows between layers in 8 bits; pixels and probabilities stay float32."""
    images = source.calibration()

    def examples() -> Iterator[list[np.ndarray]]:
        for image in images:
            yield [image[None].astype(np.float32)]

    def choose(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples

    _convert(source, folder, choose)


def _opened(folder: Path) -> Answer:
    import tensorflow as tf

    with warnings.catch_warnings():
        # That ai-edge-litert is its new name.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = tf.lite.Interpreter(
            model_path=str(folder / _FILE), num_threads=os.cpu_count() or 1
        )
    runner = interpreter.get_signature_runner()
    return lambda pixels: np.concatenate(
        [runner(pixels=image[None])["probabilities"] for image in pixels]
    )


for _key, _title, _sentence, _write, _tolerance, _least_same in (
    (
        "litert",
        "LiteRT float32",
        "A .tflite file for Android, iOS and small computers.",
        _float32,
        EXACT,
        1.0,
    ),
    (
        "litert-float16",
        "LiteRT float16",
        "Half the size, with answers that hardly differ; the usual choice for phones.",
        _float16,
        None,
        0.97,
    ),
    (
        "litert-int8",
        "LiteRT int8",
        "A quarter of the size and quickest on phones; some answers differ.",
        _int8,
        None,
        0.9,
    ),
):
    register(
        Format(
            key=_key,
            title=_title,
            sentence=_sentence,
            runtime="LiteRT",
            needs={"ai-edge-litert": "2.1"},
            imports="from ai_edge_litert.interpreter import Interpreter",
            loading=f'interpreter = Interpreter(model_path=str(HERE / "{_FILE}"))\n'
            "run = interpreter.get_signature_runner()",
            answering='run(pixels=pixels)["probabilities"]',
            write=_write,
            opened=_opened,
            tolerance=_tolerance,
            least_same=_least_same,
        )
    )
