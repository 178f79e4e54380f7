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
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register
from core.features.runtime import with_constants

_FILE = "model.tflite"


def _convert(
    source: Source, folder: Path, choose: Callable[[Any, Any], None] | None = None
) -> None:
    """Write the model for one image at a time, as phones ask it.

    Args:
        choose: sets the converter's options; told of TensorFlow and the converter.
    """
    import tensorflow as tf

    model = source.model
    pixels = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="pixels")
    # What Keras would track besides the numbers is looked through layer by layer, which takes as
    # long as all the rest.
    written = tf.Module()
    call = with_constants(model)
    if call is None:
        written.numbers = [variable.value for variable in model.variables]
        call = partial(model, training=False)
    written.serve = tf.function(
        lambda images: {"probabilities": call(images)}, input_signature=[pixels]
    )
    with (
        tempfile.TemporaryDirectory(prefix="lightbox-") as temporary,
        _unpadded(model),
    ):
        tf.saved_model.save(written, temporary, signatures=written.serve)
        converter = tf.lite.TFLiteConverter.from_saved_model(temporary)
        if choose is not None:
            choose(tf, converter)
        with warnings.catch_warnings():
            # Its own notes on how it works inside.
            warnings.simplefilter("ignore", UserWarning)
            converted = converter.convert()
    (folder / _FILE).write_bytes(converted)


@contextmanager
def _unpadded(model: Any) -> Iterator[None]:
    """While inside, convolutions that step over more than they see say "valid" where "same" adds
    no border: the same numbers, but TensorFlow 2.21's XNNPACK answers zeros for "same"."""
    from keras import layers

    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
    changed = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, kinds) and layer.padding == "same" and _adds_no_border(layer)
    ]
    for layer in changed:
        layer.padding = "valid"
    try:
        yield
    finally:
        for layer in changed:
            layer.padding = "same"


def _adds_no_border(layer: Any) -> bool:
    """Whether "same" is "valid" for a convolution, wherever it is used."""
    shapes = [node.input_tensors[0].shape for node in layer._inbound_nodes]
    seen = [
        (size - 1) * wide + 1
        for size, wide in zip(layer.kernel_size, layer.dilation_rate, strict=True)
    ]
    return bool(shapes) and all(
        layer.data_format == "channels_last"
        and None not in shape[1:3]
        and all(
            (side - 1) // step * step + size <= side
            for side, step, size in zip(shape[1:3], layer.strides, seen, strict=True)
        )
        for shape in shapes
    )


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


_WHOLE = Format(
    key="litert",
    title="LiteRT float32",
    sentence="A .tflite file for Android, iOS and small computers.",
    runtime="LiteRT",
    needs={"ai-edge-litert": "2.1"},
    imports="from ai_edge_litert.interpreter import Interpreter",
    loading=f'interpreter = Interpreter(model_path=str(HERE / "{_FILE}"))\n'
    "run = interpreter.get_signature_runner()",
    answering='run(pixels=pixels)["probabilities"]',
    write=_convert,
    opened=_opened,
    least_same=1.0,
)
register(_WHOLE)
register(
    replace(
        _WHOLE,
        key="litert-float16",
        title="LiteRT float16",
        sentence="Half the size, with answers that hardly differ; the usual choice for phones.",
        write=_float16,
        tolerance=None,
        least_same=0.97,
    )
)
register(
    replace(
        _WHOLE,
        key="litert-int8",
        title="LiteRT int8",
        sentence="A quarter of the size and quickest on phones; some answers differ.",
        write=_int8,
        tolerance=None,
        least_same=0.9,
    )
)
