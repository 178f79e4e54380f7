"""OpenVINO's intermediate representation, for Intel's and AMD's processors: float32, and 8 bits.

The float32 one is the very file that Lightbox itself answers with.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from dataclasses import replace
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


_WHOLE = Format(
    key="openvino",
    title="OpenVINO float32",
    sentence="What Lightbox itself answers with: quick on any PC's processor.",
    runtime="OpenVINO",
    needs={"openvino": ""},
    imports="import openvino",
    loading='exact = {"INFERENCE_PRECISION_HINT": "f32"}\n'
    f'model = openvino.Core().compile_model(HERE / "{_FILES[0]}", "CPU", exact)',
    answering="model(pixels)[0]",
    write=_float32,
    opened=_opened,
)
register(_WHOLE)
register(
    replace(
        _WHOLE,
        key="openvino-int8",
        title="OpenVINO int8",
        sentence="A quarter of the size, and quicker on newer processors; some answers differ.",
        makers=("nncf",),
        write=_int8,
        tolerance=None,
    )
)
