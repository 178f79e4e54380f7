"""Variations are slight, decided by the seed, and stay images."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.augmentation import LIGHT, SHIFT, Variation, apply, draw


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """A bright spot in the upper left third of each."""
    at = np.arange(32)
    spot = np.exp(-((at[:, None] - 9) ** 2 + (at[None, :] - 10) ** 2) / 20)
    return np.repeat((40 + 160 * spot)[None, :, :, None], 24, axis=0).repeat(3, 3).astype(np.uint8)


def vary(images: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(apply(images, draw(rng, len(images), images.shape[1])))


def test_the_same_seed_gives_the_same_variations_and_another_others(images: np.ndarray) -> None:
    assert np.array_equal(vary(images, 1), vary(images, 1))
    assert not np.array_equal(vary(images, 1), vary(images, 2))


def test_every_image_is_varied_in_its_own_way(images: np.ndarray) -> None:
    varied = vary(images, 1)
    assert len(np.unique(varied.reshape(len(varied), -1), axis=0)) == len(images)


def test_shape_stays_and_values_are_floats_in_range(images: np.ndarray) -> None:
    extreme = np.concatenate([images, np.zeros_like(images), np.full_like(images, 255)])
    varied = vary(extreme, 3)
    assert (varied.shape, varied.dtype) == (extreme.shape, np.float32)
    assert varied.min() >= 0
    assert varied.max() <= 255


def test_the_given_images_are_not_changed(images: np.ndarray) -> None:
    before = images.copy()
    vary(images, 1)
    assert np.array_equal(images, before)


def test_no_variation_is_the_image_itself(images: np.ndarray) -> None:
    n = len(images)
    transforms = np.tile(np.array([1, 0, 0, 0, 1, 0, 0, 0], np.float32), (n, 1))
    nothing = Variation(
        transforms, np.ones((n, 1, 1, 1), np.float32), np.zeros((n, 1, 1, 1), np.float32)
    )
    assert np.array_equal(np.asarray(apply(images, nothing)), images.astype(np.float32))


def test_what_is_shown_moves_a_little_and_is_never_mirrored(images: np.ndarray) -> None:
    varied = vary(images, 4).mean(axis=3)
    rows, columns = np.unravel_index(varied.reshape(len(varied), -1).argmax(axis=1), (32, 32))
    # A mirrored or quarter-turned spot would be at 21 or 22.
    assert np.abs(rows - 9).max() <= 32 * SHIFT + 5
    assert np.abs(columns - 10).max() <= 32 * SHIFT + 5
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) > 3


def test_the_light_changes_by_no_more_than_documented() -> None:
    grey = np.full((50, 16, 16, 3), 127, np.uint8)
    means = vary(grey, 5).mean(axis=(1, 2, 3))
    assert np.abs(means - 127).max() <= LIGHT * 255 + 1
    assert means.std() > 5
