"""The preview shows the original first, and then what training would see."""

from __future__ import annotations

import numpy as np

from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import preview

STRONG = Augmentation.model_validate("strong")


def photos(n: int = 3) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def test_the_original_comes_first_and_the_others_differ() -> None:
    images = photos()
    shown = preview(images, STRONG, seed=1, count=5)
    assert (shown.shape, shown.dtype) == ((3, 5, 32, 32, 3), np.uint8)
    assert np.array_equal(shown[:, 0], images)
    assert all(len(np.unique(row.reshape(5, -1), axis=0)) == 5 for row in shown)


def test_a_seed_decides_it() -> None:
    first, again, other = (preview(photos(), STRONG, seed, 4) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_with_all_off_every_picture_is_the_original() -> None:
    images = photos()
    assert (preview(images, Augmentation(), 1, 4) == images[:, None]).all()


def test_one_picture_is_the_original_alone() -> None:
    images = photos()
    assert np.array_equal(preview(images, STRONG, 1, 1), images[:, None])


def test_mixing_shows_a_part_of_another_image() -> None:
    images = np.stack([np.full((16, 16, 3), value, np.uint8) for value in (0, 100, 200)])
    shown = preview(images, Augmentation(cutmix=1), seed=3, count=9)
    found = {tuple(np.unique(picture)) for row in shown[:, 1:] for picture in row}
    assert all(set(values) <= {0, 100, 200} for values in found)
    assert any(len(values) == 2 for values in found)
