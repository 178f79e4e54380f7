"""An export that answers otherwise is not handed out."""

from __future__ import annotations

import numpy as np
import pytest

from core.delivery.exports.check import compare
from core.delivery.exports.formats import FORMATS
from core.errors import InvalidInput
from core.progress import Reporter
from core.training.export import ExportDiffers

PIXELS = np.zeros((20, 4, 4, 3), np.uint8)
PIXELS[:, 0, 0, 0] = np.arange(20)


def answering(wrong: int, off: float) -> tuple[np.ndarray, object]:
    """What Keras says, and an export that says otherwise about ``wrong`` images."""
    expected = np.tile(np.float32([0.7, 0.3]), (20, 1))

    def answer(pixels: np.ndarray) -> np.ndarray:
        numbers = pixels[:, 0, 0, 0]
        moved = np.where(numbers < wrong, off, 0)[:, None] * np.float32([-1, 1])
        return expected[: len(pixels)] + moved.astype(np.float32)

    return expected, answer


def test_what_is_found_is_said() -> None:
    expected, answer = answering(2, 0.5)
    check = compare(FORMATS["litert-int8"], answer, expected, PIXELS, Reporter())
    assert (check.images, check.same) == (20, 18)
    assert check.largest_difference == pytest.approx(0.5)


def test_too_few_digits_are_refused_with_a_way_out() -> None:
    expected, answer = answering(3, 0.5)
    with pytest.raises(InvalidInput, match=r"for 3 of 20 .* Choose a format in float32"):
        compare(FORMATS["litert-int8"], answer, expected, PIXELS, Reporter())
    with pytest.raises(InvalidInput):
        compare(FORMATS["litert-float16"], answer, expected, PIXELS, Reporter())


@pytest.mark.parametrize("off", [0.002, float("nan")])
def test_a_difference_where_none_should_be_is_a_defect(off: float) -> None:
    expected, answer = answering(1, off)
    with pytest.raises(ExportDiffers, match="onnx"):
        compare(FORMATS["onnx"], answer, expected, PIXELS, Reporter())
