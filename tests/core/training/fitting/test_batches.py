"""Every image is seen once an epoch, in an order that the seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from core.training.augmentation.options import Augmentation
from core.training.fitting.batches import Batches, Examples

pytestmark = pytest.mark.keras

N = 25
LABELS = np.arange(N) % 3
# Six times as many of the first class as of the last.
UNEVEN = np.repeat([0, 1, 2], [300, 150, 50])
LIGHT = Augmentation.model_validate("light")


def numbered(labels: np.ndarray = LABELS, **changes: Any) -> Batches:
    """Records of which each holds its own number, in batches of 10 (and 5)."""
    store = np.arange(len(labels), dtype=np.float32)[:, None]
    values: dict[str, Any] = {"batch_size": 10, "seed": 1}
    return Batches(Examples([store], np.arange(len(labels)), labels, 3), **values | changes)


def epoch(batches: Batches) -> tuple[np.ndarray, ...]:
    """All records, labels (and weights) of one epoch, as they come."""
    parts = [batches[number] for number in range(len(batches))]
    batches.on_epoch_end()
    return tuple(np.concatenate([np.asarray(p) for p in part]) for part in zip(*parts, strict=True))


def orders(batches: Batches, epochs: int = 3) -> list[list[float]]:
    return [epoch(batches)[0][:, 0].tolist() for _ in range(epochs)]


def test_the_last_partial_batch_is_used() -> None:
    batches = numbered()
    assert [len(batches[number][1]) for number in range(len(batches))] == [10, 10, 5]
    for order in orders(batches):
        assert sorted(order) == list(range(N))


def test_each_record_keeps_its_label_as_one_hot() -> None:
    records, labels = epoch(numbered())
    assert (records.dtype, labels.dtype) == (np.float32, np.float32)
    assert labels.sum(axis=1).tolist() == [1] * N
    assert labels.argmax(axis=1).tolist() == LABELS[records[:, 0].astype(int)].tolist()


@pytest.mark.parametrize("balance", ["none", "weights", "sampling"])
def test_the_order_changes_every_epoch_and_is_decided_by_the_seed(balance: Any) -> None:
    first, again, other = (orders(numbered(seed=seed, balance=balance)) for seed in (1, 1, 2))
    assert first == again != other
    assert len({tuple(order) for order in first}) == 3


def test_without_a_seed_the_order_is_kept() -> None:
    assert orders(numbered(seed=None)) == [list(range(N))] * 3


@pytest.mark.parametrize("balance", ["none", "sampling"])
def test_begun_at_a_later_epoch_it_is_as_if_it_had_gone_on(balance: Any) -> None:
    whole = orders(numbered(balance=balance), 4)
    assert orders(numbered(balance=balance, epoch=2), 2) == whole[2:]
    told = numbered(balance=balance)
    for number in (3, 0):
        told.begin(number)
        assert orders(told, 1) == [whole[number]]


def test_only_the_given_slots_are_read() -> None:
    store = np.arange(100, dtype=np.float32)[:, None]
    batches = Batches(
        Examples([store], np.array([70, 3, 50]), np.array([0, 1, 0]), 2), batch_size=2, seed=1
    )
    assert sorted(epoch(batches)[0][:, 0].tolist()) == [3, 50, 70]


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    records, labels, weights = epoch(numbered(UNEVEN, balance="weights"))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=UNEVEN)
    assert weights == pytest.approx(expected[labels.argmax(axis=1)], rel=1e-6)
    assert weights.mean() == pytest.approx(1)
    assert sorted(records[:, 0].tolist()) == list(range(len(UNEVEN)))


def test_a_class_without_images_does_not_change_the_weights_of_the_others() -> None:
    _, labels, weights = epoch(numbered(np.repeat([0, 2], [10, 30]), balance="weights"))
    by_class = {int(c): float(w) for c, w in zip(labels.argmax(axis=1), weights, strict=True)}
    assert by_class == pytest.approx({0: 2.0, 2: 40 / 60})


def test_validation_is_never_balanced() -> None:
    for balance in ("weights", "sampling"):
        parts = epoch(numbered(UNEVEN, balance=balance, seed=None))
        assert len(parts) == 2
        assert parts[0][:, 0].tolist() == list(range(len(UNEVEN)))


def test_balanced_sampling_shows_every_class_equally_often() -> None:
    batches = numbered(UNEVEN, balance="sampling")
    labels = np.concatenate([epoch(batches)[1] for _ in range(20)])
    assert len(labels) == 20 * len(UNEVEN), "an epoch is as long as without"
    # Of 10,000 draws, a third is 3,333 ± 47.
    assert np.abs(labels.sum(axis=0) - len(labels) / 3).max() < 5 * 47


def views(count: int, **changes: Any) -> tuple[Batches, list[np.ndarray]]:
    """A record is its example's number plus a hundred times its view's."""
    stores = [np.arange(N, dtype=np.float32)[:, None] + 100 * view for view in range(count)]
    slots = np.tile(np.arange(N), (count, 1))
    return Batches(Examples(stores, slots, LABELS, 3), batch_size=10, seed=4, **changes), stores


def test_with_several_views_each_record_comes_once_from_one_that_is_drawn_anew() -> None:
    batches, _ = views(3)
    drawn = []
    for _ in range(4):
        records, labels = epoch(batches)
        examples = records[:, 0] % 100
        assert sorted(examples.tolist()) == list(range(N))
        assert labels.argmax(axis=1).tolist() == LABELS[examples.astype(int)].tolist()
        drawn.append(dict(zip(examples.tolist(), (records[:, 0] // 100).tolist(), strict=True)))
    assert {view for of in drawn for view in of.values()} == {0, 1, 2}
    assert drawn[0] != drawn[1]


def test_a_view_that_comes_later_is_drawn_from_as_if_it_had_been_there() -> None:
    whole, stores = views(2, epoch=2)
    batches, _ = views(1)
    for _ in range(2):
        assert epoch(batches)[0].max() < 100
    assert batches.views == 1
    batches.add_view(stores[1], np.arange(N))
    assert batches.views == 2
    assert orders(batches) == orders(whole)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (N, 16, 16, 3), dtype=np.uint8)


def of_images(pixels: np.ndarray, labels: np.ndarray = LABELS, **changes: Any) -> Batches:
    values: dict[str, Any] = {"batch_size": 10, "seed": 1, "augmentation": LIGHT}
    return Batches(Examples([pixels], np.arange(len(labels)), labels, 3), **values | changes)


def test_augmentation_is_decided_by_the_seed_and_differs_every_epoch(pixels: np.ndarray) -> None:
    def images(seed: int, skip: int = 0) -> list[np.ndarray]:
        made = of_images(pixels, seed=seed, epoch=skip)
        return [epoch(made)[0] for _ in range(2)]

    first, again, other = images(1), images(1), images(2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], other[0])
    assert np.array_equal(images(1, skip=1)[0], first[1])
    assert len(np.unique(np.concatenate(first).reshape(2 * N, -1), axis=0)) == 2 * N


def test_augmentation_does_not_depend_on_which_batch_is_asked_for_first(pixels: np.ndarray) -> None:
    options = Augmentation(rotation=20, mixup=0.4, cutmix=1.0)
    forwards, backwards = (of_images(pixels, augmentation=options) for _ in range(2))
    expected = [np.asarray(forwards[number][0]) for number in (0, 1, 2)]
    found = [np.asarray(backwards[number][0]) for number in (2, 1, 0)]
    assert all(np.array_equal(a, b) for a, b in zip(expected, found[::-1], strict=True))


def test_augmented_images_are_floats_in_range_with_the_right_labels() -> None:
    store = np.repeat(np.linspace(0, 255, N).astype(np.uint8), 16 * 16 * 3).reshape(N, 16, 16, 3)
    labels = (np.arange(N) > N / 2).astype(int)
    images, given = epoch(of_images(store, labels))
    assert images.dtype == np.float32
    assert 0 <= images.min() <= images.max() <= 255
    dark, bright = (images[given[:, side] == 1].mean() for side in (0, 1))
    assert dark < bright


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_labels_of_mixed_images_say_how_much_of_each_is_shown(kind: str) -> None:
    # Flat images whose red is the share of class 1, so that a label can be read off the pixels.
    labels = np.arange(N) % 2
    store = np.zeros((N, 16, 16, 3), np.uint8)
    store[labels == 1] = 200
    images, given = epoch(of_images(store, labels, augmentation=Augmentation(**{kind: 1.0})))
    assert given.sum(axis=1) == pytest.approx(np.ones(N), abs=1e-6)
    assert given[:, 1] == pytest.approx(images.mean(axis=(1, 2, 3)) / 200, abs=1e-4)
    assert ((given > 0.05) & (given < 0.95)).any()


def test_balanced_weights_of_mixed_images_are_mixed_too(pixels: np.ndarray) -> None:
    mixing = Augmentation(mixup=1.0)
    labels = np.repeat([0, 1, 2], [16, 6, 3])
    _, given, weights = epoch(of_images(pixels, labels, augmentation=mixing, balance="weights"))
    rarity = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert weights == pytest.approx(given @ rarity, rel=1e-5)


def test_without_augmentation_images_come_as_they_are(pixels: np.ndarray) -> None:
    for options in (None, Augmentation()):
        images, _ = epoch(of_images(pixels, seed=None, augmentation=options))
        assert np.array_equal(images, pixels.astype(np.float32))


@pytest.mark.parametrize("options", [None, LIGHT, Augmentation(mixup=0.5)])
def test_what_comes_last_is_given_varied_images_as_bytes(
    pixels: np.ndarray, options: Augmentation | None
) -> None:
    given = []

    def preprocess(images: np.ndarray) -> np.ndarray:
        given.append(images)
        return images.mean(axis=(1, 2))

    records, labels = epoch(of_images(pixels, augmentation=options, preprocess=preprocess))
    assert {images.dtype for images in given} == {np.dtype(np.uint8)}
    plain, same = epoch(of_images(pixels, augmentation=options))
    assert (records.shape, records.dtype) == ((N, 3), np.float32)
    assert np.abs(records - plain.mean(axis=(1, 2))).max() <= 0.5, "rounded, and no more"
    assert np.array_equal(labels, same)
