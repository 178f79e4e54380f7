"""Batches for Keras from arrays on disk: shuffled, varied, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from core.training import augmentation


class Batches(keras.utils.PyDataset):
    """Batches of records and one-hot labels.

    Args:
        store: array or memory map of shape (slots, …); only what a batch needs is read.
        slots: int64, shape (n,): which record each example is; shape (views, n) draws one of
            several views of each example anew in every epoch.
        labels: int, shape (n,).
        seed: decides order and variations; ``None`` keeps the order (for validation).
        augment: vary images; records must be uint8 pixels then.
    """

    def __init__(
        self,
        store: np.ndarray | list[np.ndarray],
        slots: np.ndarray,
        labels: np.ndarray,
        classes: int,
        *,
        batch_size: int,
        seed: int | None,
        augment: bool = False,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self._stores = store if isinstance(store, list) else [store]
        self._slots = np.atleast_2d(slots)
        self._labels = np.eye(classes, dtype=np.float32)[labels]
        self._batch = batch_size
        self._seed = seed
        self._augment = augment
        self._epoch = 0
        self._order = np.arange(self._slots.shape[1])
        self._view = np.zeros(len(self._order), np.int64)
        self._shuffle()

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, number: int) -> tuple[Any, np.ndarray]:
        rows = self._order[number * self._batch : (number + 1) * self._batch]
        if len(self._stores) == 1:
            records = self._stores[0][self._slots[0, rows]]
        else:
            records = np.stack(
                [self._stores[view][self._slots[view, row]]
                 for view, row in zip(self._view[rows], rows, strict=True)]
            )  # fmt: skip
        if self._augment:
            # Own numbers for each batch of each epoch, whichever thread asks first.
            rng = np.random.default_rng([self._seed or 0, 7, self._epoch, number])
            variation = augmentation.draw(rng, len(rows), records.shape[1])
            return augmentation.apply(records, variation), self._labels[rows]
        return records.astype(np.float32), self._labels[rows]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        if self._seed is None:
            return
        rng = np.random.default_rng([self._seed, 3, self._epoch])
        self._order = rng.permutation(self._slots.shape[1])
        self._view = rng.integers(0, len(self._stores), len(self._order))
