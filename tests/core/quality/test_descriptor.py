"""A descriptor has one length whatever the picture, and says the same of the same picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.quality.descriptor import COLOUR_SIDE, DESCRIPTOR_BYTES, SIDE, describe
from tests.core.quality.altered import photo


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 500), (28, 28), (160, 120), (700, 500)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_any_picture_gives_as_many_bytes(size: tuple[int, int], mode: str) -> None:
    assert len(describe(Image.new(mode, size))) == DESCRIPTOR_BYTES < 1024


def test_luma_comes_first_and_then_both_chroma_of_each_cell() -> None:
    told = np.frombuffer(describe(Image.new("RGB", (40, 40), (255, 0, 0))), np.uint8)
    assert set(told[: SIDE * SIDE]) == {76}
    chroma = told[SIDE * SIDE :].reshape(COLOUR_SIDE, COLOUR_SIDE, 2)
    assert np.ptp(chroma, axis=(0, 1)).tolist() == [0, 0]
    assert abs(int(chroma[0, 0, 0]) - 85) <= 1
    assert chroma[0, 0, 1] == 255


def test_mirroring_the_picture_mirrors_the_grid() -> None:
    image = photo(1, 56)
    mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    grids = [
        np.frombuffer(describe(each), np.uint8)[: SIDE * SIDE].reshape(SIDE, SIDE).astype(int)
        for each in (image, mirrored)
    ]
    assert np.abs(grids[0][:, ::-1] - grids[1]).max() <= 1


def test_a_grey_picture_is_described_like_its_rgb_twin() -> None:
    grey = photo(2).convert("L")
    assert describe(grey) == describe(grey.convert("RGB"))
