"""Measurements agree with their formulas, written out in plain NumPy, and with common sense."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.quality.measure import MEASUREMENTS, measure, tally
from tests.core.quality.pictures import blurred, picture


def measured(image: Image.Image) -> dict[str, float]:
    """Measurements of one image, by name."""
    return dict(zip(MEASUREMENTS, measure([tally(image)])[0].tolist(), strict=True))


def flat(*rgb: int, size: tuple[int, int] = (32, 32)) -> Image.Image:
    return Image.new("RGB", size, rgb)


def luma(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("L"), np.float64) / 255


def laplacian(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = grey[1:-1, 1:-1]
    return grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle


def entropy(grey: NDArray[np.float64]) -> float:
    _, counts = np.unique(grey, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


FORMULAS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "brightness": lambda grey: float(grey.mean()),
    "bright_spread": lambda grey: float(grey.std()),
    "dark_percentile": lambda grey: float(np.quantile(grey, 0.05, method="inverted_cdf")),
    "bright_percentile": lambda grey: float(np.quantile(grey, 0.99, method="inverted_cdf")),
    "sharpness": lambda grey: float(laplacian(grey).std() / grey.std()),
    "entropy": entropy,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_measured_is_what_the_formula_says(name: str) -> None:
    for image in (picture(1), picture(2, 10, 90), blurred(3)):
        assert measured(image)[name] == pytest.approx(FORMULAS[name](luma(image)), rel=1e-4)


def test_colourfulness_is_the_range_of_the_channels_of_a_coarse_copy() -> None:
    image = picture(4).resize((64, 64))
    coarse = np.asarray(image, np.float64).reshape(16, 4, 16, 4, 3).mean((1, 3))
    expected = (coarse.max(2) - coarse.min(2)).mean() / 255
    assert measured(image)["colourfulness"] == pytest.approx(expected, abs=1 / 255)


@pytest.mark.parametrize(("level", "share"), [(0, 0.0), (255, 1.0), (51, 0.2)])
def test_a_flat_image_shows_nothing_but_its_brightness(level: int, share: float) -> None:
    values = measured(flat(level, level, level))
    for name in ("brightness", "dark_percentile", "bright_percentile"):
        assert values[name] == pytest.approx(share)
    for name in ("bright_spread", "sharpness", "entropy", "colourfulness"):
        assert values[name] == 0
        assert not np.signbit(values[name])


def test_pure_red_is_as_colourful_as_can_be() -> None:
    assert measured(flat(255, 0, 0))["colourfulness"] == 1


def test_two_levels_in_equal_parts_are_one_bit() -> None:
    half = Image.new("L", (32, 32))
    half.paste(200, (0, 0, 16, 32))
    assert measured(half.convert("RGB"))["entropy"] == pytest.approx(1)


def test_the_more_blurred_the_less_sharp() -> None:
    image = picture(5)
    radii = (0, 0.5, 1, 2)
    blurs = [image.filter(ImageFilter.GaussianBlur(radius)) for radius in radii]
    sharpness = [measured(each)["sharpness"] for each in blurs]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 0.5 > 0.2 > sharpness[-1]


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (50, 2), (160, 1), (3, 3)])
def test_the_smallest_images_are_measured_too(size: tuple[int, int]) -> None:
    values = measured(flat(9, 99, 200, size=size))
    assert np.isfinite(list(values.values())).all()
    assert values["sharpness"] == 0


def test_images_are_measured_alike_alone_and_together() -> None:
    tallies = [tally(picture(seed)) for seed in range(5)] + [tally(flat(0, 0, 0))]
    together = measure(tallies)
    assert together.shape == (6, len(MEASUREMENTS))
    assert together.dtype == np.float32
    np.testing.assert_array_equal(together, np.concatenate([measure([each]) for each in tallies]))
