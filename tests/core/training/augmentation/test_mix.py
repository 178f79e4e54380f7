"""Mixed images carry the labels of both, in the shares in which they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation

N = 24


@pytest.fixture
def labels() -> np.ndarray:
    """Every image its own class, so that a share says which image it is of."""
    return np.eye(N, dtype=np.float32)


@pytest.fixture
def images() -> np.ndarray:
    """Image i is all of the value 10 · i."""
    values = np.arange(N, dtype=np.uint8)[:, None, None, None] * 10
    return np.broadcast_to(values, (N, 20, 20, 3)).copy()


def mixed(
    images: np.ndarray, labels: np.ndarray, seed: int = 1, **options: float
) -> tuple[np.ndarray, np.ndarray]:
    return mix(images, labels, Augmentation(**options), np.random.default_rng(seed))


def test_without_mixing_images_and_labels_stay(images: np.ndarray, labels: np.ndarray) -> None:
    pixels, shares = mixed(images, labels, rotation=10)
    assert (pixels.dtype, shares.dtype) == (np.float32, np.float32)
    assert np.array_equal(pixels, images)
    assert np.array_equal(shares, labels)


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1}, {"mixup": 1, "cutmix": 0.5}])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shares_sum_to_one_and_what_was_given_is_untouched(
    images: np.ndarray, labels: np.ndarray, options: dict[str, float], dtype: type
) -> None:
    given, before = images.astype(dtype), labels.copy()
    pixels, shares = mixed(given, labels, **options)
    assert (pixels.dtype, shares.dtype) == (np.float32, np.float32)
    assert shares.sum(axis=1) == pytest.approx(np.ones(N), abs=1e-6)
    assert (shares >= 0).all()
    assert (np.count_nonzero(shares, axis=1) == 2).sum() > N // 2
    assert np.array_equal(given, images)
    assert np.array_equal(labels, before)


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1}])
def test_labels_say_how_much_of_each_image_there_is(
    images: np.ndarray, labels: np.ndarray, options: dict[str, float]
) -> None:
    pixels, shares = mixed(images, labels, **options)
    expected = shares @ (np.arange(N) * 10.0)
    assert pixels.mean(axis=(1, 2, 3)) == pytest.approx(expected, abs=0.01)


def test_mixup_blends_all_of_an_image_and_cutmix_replaces_a_rectangle(
    images: np.ndarray, labels: np.ndarray
) -> None:
    blended, _ = mixed(images, labels, mixup=1)
    assert all(len(np.unique(image)) == 1 for image in blended)
    patched, _ = mixed(images, labels, cutmix=1)
    for number, image in enumerate(patched):
        other = image[:, :, 0] != number * 10
        rows, columns = other.any(axis=1), other.any(axis=0)
        assert other.sum() == rows.sum() * columns.sum()
        assert len(np.unique(image)) <= 2


def test_with_both_on_a_batch_gets_one_of_them(images: np.ndarray, labels: np.ndarray) -> None:
    def blends(seed: int) -> bool:
        pixels, _ = mixed(images, labels, seed, mixup=1, cutmix=1)
        return all(len(np.unique(image)) == 1 for image in pixels)

    kinds = [blends(seed) for seed in range(30)]
    assert 5 < sum(kinds) < 25


def test_the_same_seed_mixes_alike(images: np.ndarray, labels: np.ndarray) -> None:
    first, again, other = (mixed(images, labels, seed, cutmix=1)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_small_alpha_mixes_little_and_a_large_one_evenly() -> None:
    images = np.zeros((400, 4, 4, 3), np.uint8)
    labels = np.eye(400, dtype=np.float32)
    main = [mixed(images, labels, mixup=alpha)[1].max(axis=1).mean() for alpha in (0.05, 2)]
    assert main[0] > 0.95
    assert main[1] < 0.8


def test_an_image_alone_stays_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    for options in ({"mixup": 1.0}, {"cutmix": 1.0}):
        pixels, shares = mixed(image, np.ones((1, 1), np.float32), **options)
        assert pixels == pytest.approx(image.astype(np.float32), abs=1e-3)
        assert shares == pytest.approx(np.ones((1, 1)))
