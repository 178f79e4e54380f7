"""Whether an export answers like the model that it was made of, and how long it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from core.delivery.exports.formats import Answer, Format
from core.errors import InvalidInput
from core.progress import Reporter
from core.training.export import ExportDiffers

_BATCH = 16
_CALLS = 30
_SECONDS = 3.0


@dataclass(frozen=True)
class Check:
    """How an export compares with Keras on real images.

    Attributes:
        images: how many were asked about, at least 1.
        same: on how many of them the most probable class is the same.
        largest_difference: of any probability about any of them, 0 to 1.
        milliseconds: from the pixels of one image to its probabilities, the median of calls one
            after the other on this computer.
    """

    images: int
    same: int
    largest_difference: float
    milliseconds: float


def compare(
    fmt: Format, answer: Answer, expected: np.ndarray, pixels: np.ndarray, report: Reporter
) -> Check:
    """Ask an export about images, and refuse it if it answers otherwise.

    Args:
        expected: Keras's probabilities, float32 (n, classes).
        pixels: uint8, shape (n, size, size, 3), n at least 1.

    Raises:
        ExportDiffers: a format that keeps all digits doesn't: a defect.
        InvalidInput: one with fewer digits gives other answers too often.
        Cancelled: the person asked to stop.
    """
    answers = []
    for start in range(0, len(pixels), _BATCH):
        report.check()
        answers.append(answer(pixels[start : start + _BATCH].astype(np.float32)))
    answered = np.concatenate(answers)
    if answered.shape != expected.shape:
        raise ExportDiffers(f"{fmt.key}: answers of shape {answered.shape}, not {expected.shape}")
    same = int((answered.argmax(axis=1) == expected.argmax(axis=1)).sum())
    largest = float(np.abs(answered - expected).max())
    if fmt.tolerance is not None and not largest <= fmt.tolerance:
        raise ExportDiffers(f"{fmt.key}: probabilities differ by {largest:.2g} on real images")
    enough = same >= fmt.least_same * len(pixels) and np.isfinite(largest)
    if fmt.tolerance is None and not enough:
        raise InvalidInput(
            f"As {fmt.title} this model gives another answer for {len(pixels) - same:,} of "
            f"{len(pixels):,} validation images, so this export was thrown away: the network "
            "can't do with so few digits.",
            remedy="Choose a format in float32.",
        )
    return Check(len(pixels), same, largest, _milliseconds(answer, pixels[:1].astype(np.float32)))


def _milliseconds(answer: Answer, image: np.ndarray) -> float:
    for _ in range(3):
        answer(image)
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < _CALLS and (len(times) < 3 or time.perf_counter() - begun < _SECONDS):
        started = time.perf_counter()
        answer(image)
        times.append(time.perf_counter() - started)
    return round(float(np.median(times)) * 1000, 3)
