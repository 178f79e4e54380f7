"""OpenVINO's intermediate representation, for Intel's and AMD's processors: float32, and 8 bits.

The float32 one is the very file that Lightbox itself answers with.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from pathlib import Path

import numpy as np

from core.delivery.exports.formats import Answer, Format, Source, register
from core.quiet import openvino

_FILES = ("model.xml", "model.bin")
# Some processors would calculate in 16 bits unless they are told otherwise.
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}


def _float32(source: Source, folder: Path) -> None:
    for name in _FILES:
        shutil.copyfile(source.folder / name, folder / name)


def _int8(source: Source, folder: Path) -> None:
    ov = openvino()  # before nncf, so that neither of them reports its use
    # It draws progress bars on the terminal.
    with contextlib.redirect_stdout(io.StringIO()):
        import nncf

        nncf.set_log_level(logging.ERROR)
        images = source.calibration()
        dataset = nncf.Dataset([image[None].astype(np.float32) for image in images])
        model = ov.Core().read_model(str(source.folder / _FILES[0]))
        quantized = nncf.quantize(model, dataset, subset_size=len(images))
    ov.save_model(quantized, str(folder / _FILES[0]), compress_to_fp16=False)


def _opened(folder: Path) -> Answer:
    model = openvino().Core().compile_model(str(folder / _FILES[0]), "CPU", _EXACT)
    return lambda pixels: np.array(model(pixels)[0])


for _key, _title, _sentence, _write, _tolerance, _makers in (
    (
        "openvino",
        "OpenVINO float32",
        "What Lightbox itself answers with: quick on any PC's processor.",
        _float32,
        1e-3,
        (),
    ),
    (
        "openvino-int8",
        "OpenVINO int8",
        "A quarter of the size, and quicker on newer processors; some answers differ.",
        _int8,
        None,
        ("nncf",),
    ),
):
    register(
        Format(
            key=_key,
            title=_title,
            sentence=_sentence,
            runtime="OpenVINO",
            needs={"openvino": ""},
            makers=_makers,
            imports="import openvino",
            loading='exact = {"INFERENCE_PRECISION_HINT": "f32"}\n'
            f'model = openvino.Core().compile_model(HERE / "{_FILES[0]}", "CPU", exact)',
            answering="model(pixels)[0]",
            write=_write,
            opened=_opened,
            tolerance=_tolerance,
        )
    )
