"""Every image is seen once an epoch, in an order that the seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.training.fitting.batches import Batches

N = 25
LABELS = np.arange(N) % 3


def numbered(**changes: Any) -> Batches:
    """25 records of which each holds its own number, in batches of 10, 10 and 5."""
    store = np.arange(N, dtype=np.float16)[:, None]
    values: dict[str, Any] = {"batch_size": 10, "seed": 1}
    return Batches(store, np.arange(N), LABELS, 3, **values | changes)


def epoch(batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """All records and labels of one epoch, as they come."""
    parts = [batches[number] for number in range(len(batches))]
    batches.on_epoch_end()
    return tuple(np.concatenate([np.asarray(p) for p in part]) for part in zip(*parts, strict=True))


def test_the_last_partial_batch_is_used() -> None:
    batches = numbered()
    assert [len(batches[number][1]) for number in range(len(batches))] == [10, 10, 5]
    for _ in range(3):
        records, _ = epoch(batches)
        assert sorted(records[:, 0].tolist()) == list(range(N))


def test_each_record_keeps_its_label_as_one_hot() -> None:
    records, labels = epoch(numbered())
    assert (records.dtype, labels.dtype) == (np.float32, np.float32)
    assert labels.sum(axis=1).tolist() == [1] * N
    assert labels.argmax(axis=1).tolist() == LABELS[records[:, 0].astype(int)].tolist()


def test_the_order_changes_every_epoch_and_is_decided_by_the_seed() -> None:
    orders = {}
    for key, seed in {"first": 1, "again": 1, "other": 2}.items():
        batches = numbered(seed=seed)
        orders[key] = [epoch(batches)[0][:, 0].tolist() for _ in range(3)]
    assert orders["first"] == orders["again"] != orders["other"]
    assert len({tuple(order) for order in orders["first"]}) == 3


def test_without_a_seed_the_order_is_kept() -> None:
    batches = numbered(seed=None)
    for _ in range(2):
        assert epoch(batches)[0][:, 0].tolist() == list(range(N))


def test_only_the_given_slots_are_read() -> None:
    store = np.arange(100, dtype=np.float32)[:, None]
    batches = Batches(store, np.array([70, 3, 50]), np.array([0, 1, 0]), 2, batch_size=2, seed=1)
    assert sorted(epoch(batches)[0][:, 0].tolist()) == [3, 50, 70]


def test_with_several_views_each_record_comes_once_from_one_that_is_drawn_anew() -> None:
    # A record is its example's number plus a hundred times its view's.
    stores = [np.arange(N, dtype=np.float32)[:, None] + 100 * view for view in range(3)]
    slots = np.tile(np.arange(N), (3, 1))
    batches = Batches(stores, slots, LABELS, 3, batch_size=10, seed=4)
    views = []
    for _ in range(4):
        records, labels = epoch(batches)
        examples = records[:, 0] % 100
        assert sorted(examples.tolist()) == list(range(N))
        assert labels.argmax(axis=1).tolist() == LABELS[examples.astype(int)].tolist()
        views.append(dict(zip(examples.tolist(), (records[:, 0] // 100).tolist(), strict=True)))
    assert {view for drawn in views for view in drawn.values()} == {0, 1, 2}
    assert views[0] != views[1]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (N, 16, 16, 3), dtype=np.uint8)


def test_augmentation_is_decided_by_the_seed_and_differs_every_epoch(pixels: np.ndarray) -> None:
    def images(seed: int) -> list[np.ndarray]:
        made = Batches(pixels, np.arange(N), LABELS, 3, batch_size=10, seed=seed, augment=True)
        return [epoch(made)[0] for _ in range(2)]  # fmt: skip

    first, again, other = images(1), images(1), images(2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], other[0])
    assert len(np.unique(np.concatenate(first).reshape(2 * N, -1), axis=0)) == 2 * N


def test_augmentation_does_not_depend_on_which_batch_is_asked_for_first(pixels: np.ndarray) -> None:
    def made() -> Batches:
        return Batches(pixels, np.arange(N), LABELS, 3, batch_size=10, seed=1, augment=True)

    forwards, backwards = made(), made()
    expected = [np.asarray(forwards[number][0]) for number in (0, 1, 2)]
    found = [np.asarray(backwards[number][0]) for number in (2, 1, 0)]
    assert all(np.array_equal(a, b) for a, b in zip(expected, found[::-1], strict=True))


def test_augmented_images_are_floats_in_range_with_the_right_labels(pixels: np.ndarray) -> None:
    store = np.repeat(np.linspace(0, 255, N).astype(np.uint8), 16 * 16 * 3).reshape(N, 16, 16, 3)
    labels = (np.arange(N) > N / 2).astype(int)
    batches = Batches(store, np.arange(N), labels, 2, batch_size=10, seed=1, augment=True)
    images, given = epoch(batches)
    assert images.dtype == np.float32
    assert 0 <= images.min() <= images.max() <= 255
    dark, bright = (images[given[:, side] == 1].mean() for side in (0, 1))
    assert dark < bright


def test_without_augmentation_images_come_as_they_are(pixels: np.ndarray) -> None:
    batches = Batches(pixels, np.arange(N), LABELS, 3, batch_size=10, seed=None)
    images, _ = epoch(batches)
    assert np.array_equal(images, pixels.astype(np.float32))
