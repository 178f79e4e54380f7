"""Heat maps as colours, and pictures as a model sees them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.evaluation.explain.overlay import colours, framed, overlay


def test_hotter_is_always_lighter_so_that_grey_tells_it_too() -> None:
    luma = colours(np.linspace(0, 1, 256)) @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luma) >= -1.0).all()
    assert (np.diff(luma[::16]) > 5).all()


def test_the_overlay_covers_what_is_hot_and_leaves_the_picture_at_0() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3)).astype(np.uint8)
    heat = np.zeros((3, 5))
    heat[0, 4] = 1
    np.testing.assert_array_equal(overlay(image, heat, 0), image)
    laid = overlay(image, heat, 1).astype(int)
    changed = np.abs(laid - image).sum(axis=2)
    assert np.abs(laid[3, 46] - colours(np.array(1.0))).max() < 40
    # Cold places are only darkened, by half.
    np.testing.assert_allclose(laid[25, 5], image[25, 5] / 2, atol=3)
    assert changed.shape == (30, 50)


@pytest.mark.parametrize(
    ("fit", "size"), [("stretch", (20, 40)), ("crop", (40, 40)), ("pad", (40, 40))]
)
def test_a_picture_is_shown_as_much_of_as_the_model_sees(fit: str, size: tuple[int, int]) -> None:
    wide = Image.new("RGB", (120, 60), (255, 255, 255))
    wide.paste((255, 0, 0), (0, 0, 20, 60))
    seen = framed(wide, fit, 40)  # type: ignore[arg-type]
    assert seen.shape == (*size, 3)
    red = (seen[size[0] // 2, 1] == (255, 0, 0)).all()
    assert red == (fit != "crop")
    assert (seen[0, 20] == 0).all() == (fit == "pad")
