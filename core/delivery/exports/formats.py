"""What a format of export is, and the list of them; each file of this folder registers its own.

Every format takes the same and gives the same, so that one check and one example fit all: float32
pixels 0 to 255 of shape (n, size, size, 3) in, probabilities of shape (n, classes) out. What
networks do with pixels first (scaling, subtracting means) is inside the model. Resizing is not: see
:mod:`core.delivery.exports.shipped.prepare`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.delivery.take_away.environment import installed
from core.errors import InvalidInput, unknown

# float32 pixels (n, size, size, 3), 0 to 255 → float32 probabilities (n, classes).
Answer = Callable[[np.ndarray], np.ndarray]
# Two ways of adding the same numbers up; also what a run's own OpenVINO model is held to.
EXACT = 1e-3


@dataclass(frozen=True)
class Source:
    """What an export is made of.

    Attributes:
        model: the Keras model, float32 pixels 0 to 255 in, probabilities out.
        folder: of the run; has ``model.xml`` and ``model.bin``, the same model for OpenVINO.
        calibration: training images to choose the ranges of 8-bit numbers by: uint8, shape
            (n, size, size, 3), n at least 1. Read only when they are asked for.
    """

    model: Any
    folder: Path
    calibration: Callable[[], np.ndarray]

    @property
    def in_use(self) -> Any:
        """The model, of which nothing is asked as in training: Keras writes dropout into the graph
        of one that averages over several looks and was made by an earlier version."""
        import keras

        pixels = self.model.inputs[0]
        return keras.Model(pixels, self.model(pixels, training=False), name=self.model.name)


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        key: its name for programs and in file names.
        title, sentence: for people; the sentence says what one would take it for.
        runtime: what answers with it, for people.
        needs: packages that its user installs besides NumPy and Pillow, each with the oldest
            version that is sure to do, or "" for the version that made it.
        makers: modules that making it needs.
        imports, loading, answering: lines of the example: what it imports, what it does once
            (``HERE`` is the folder of the example), and the expression that turns ``pixels`` into
            probabilities.
        write: puts the model's files into an empty folder.
        opened: reads them back, and answers as the example does.
        tolerance: by how much any probability may differ from Keras's; ``None`` for formats with
            fewer digits, which are judged by how often they give the same answer.
        least_same: below this share of equal answers such a one is refused, 0 to 1.
    """

    key: str
    title: str
    sentence: str
    runtime: str
    needs: dict[str, str]
    imports: str
    loading: str
    answering: str
    write: Callable[[Source, Path], None]
    opened: Callable[[Path], Answer]
    tolerance: float | None = EXACT
    least_same: float = 0.9
    makers: tuple[str, ...] = ()

    @property
    def offered(self) -> bool:
        """Whether what makes it is installed; some of it does not exist for every computer."""
        return all(find_spec(name) is not None for name in self.makers)

    def requirements(self) -> list[str]:
        """Lines of a requirements.txt with which the example runs, and nothing more."""
        needs = {**self.needs, "numpy": "1.26", "pillow": "10"}
        return [f"{name}>={oldest or _installed(name)}" for name, oldest in needs.items()]


FORMATS: dict[str, Format] = {}


def register(fmt: Format) -> None:
    """Make a format known; called by the files of this folder when they are imported."""
    FORMATS[fmt.key] = fmt


# What formats are called elsewhere, written without spaces, dots and hyphens.
_ALSO = {
    "h5": "keras",
    "tf": "saved-model",
    "tensorflow": "saved-model",
    "savedmodel": "saved-model",
    "pb": "saved-model",
    "ir": "openvino",
    "xml": "openvino",
    "ov": "openvino",
    "tflite": "litert",
    "tensorflowlite": "litert",
    "lite": "litert",
    "fp16": "litert-float16",
    "tflitefp16": "litert-float16",
    "tflitefloat16": "litert-float16",
    "litertfp16": "litert-float16",
    "tfliteint8": "litert-int8",
}


def _plain(name: str) -> str:
    return re.sub(r"[\s._-]", "", name.lower())


def get(key: str) -> Format:
    """The format of this name, or of one that it is usually called by (``tflite``).

    Raises:
        InvalidInput: there is none, or it can't be made on this computer.
    """
    known = _ALSO | {_plain(each): each for each in FORMATS}
    if _plain(key) not in known:
        raise unknown("format", key, offered())
    fmt = FORMATS[known[_plain(key)]]
    if not fmt.offered:
        raise InvalidInput(
            f"{fmt.title} can't be made here: {', '.join(fmt.makers)} is not installed.",
            remedy="Install what requirements.txt lists, or choose another format.",
        )
    return fmt


def offered() -> list[str]:
    """Names of the formats that can be made on this computer, in the order of offering them."""
    return [key for key, fmt in FORMATS.items() if fmt.offered]


def _installed(name: str) -> str:
    """The installed version of a package; TensorFlow's has several names."""
    return next(iter(installed((name, f"{name}-cpu")).values()))
