"""Batches for Keras from arrays on disk: shuffled, balanced, varied, and the same for the same
seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import vary
from core.training.options import Balance


@dataclass(frozen=True)
class Examples:
    """Records with their labels, where they lie.

    Attributes:
        stores: arrays or memory maps of shape (slots, …), one a view; only what a batch needs is
            read.
        slots: int64, shape (n,), or (views, n): which record each example is, in each store.
        labels: int, shape (n,).
        classes: how many there are.
    """

    stores: list[np.ndarray]
    slots: np.ndarray
    labels: np.ndarray
    classes: int


class Batches(keras.utils.PyDataset):
    """Batches of records, labels as shares of classes, and weights where classes are balanced.

    Args:
        examples: more views may be added between epochs with :meth:`add_view`.
        seed: decides order and variations; ``None`` keeps the order (for validation).
        augmentation: vary images; records must be uint8 pixels then.
        balance: ``weights`` adds a third array, ``sampling`` draws classes equally often.
        preprocess: what is done to a batch last, the frozen part of a network for example: uint8
            images in, float32 records out.
        epoch: number of epochs that were done before, when training goes on.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        seed: int | None,
        augmentation: Augmentation | None = None,
        balance: Balance = "none",
        preprocess: Callable[[np.ndarray], np.ndarray] | None = None,
        epoch: int = 0,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        labels, classes = examples.labels, examples.classes
        self.labels = labels
        self._stores = list(examples.stores)
        self._slots = list(np.atleast_2d(examples.slots))
        self._shares = np.eye(classes, dtype=np.float32)
        self._batch = batch_size
        self._seed = seed
        self._augmentation = augmentation
        self._preprocess = preprocess
        self._balance = balance
        if balance != "none":
            # As scikit-learn's "balanced": the mean weight of an example is 1.
            counts = np.bincount(labels, minlength=classes)
            rarity = len(labels) / (np.maximum(counts, 1) * (counts > 0).sum())
            self._rarity = rarity.astype("f4")
        self._epoch = epoch
        self._shuffle()

    def __len__(self) -> int:
        return -(-len(self.labels) // self._batch)

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        at = slice(number * self._batch, (number + 1) * self._batch)
        rows = self._order[at]
        records = self._read(rows, self._view[at])
        labels = self._shares[self.labels[rows]]
        if self._augmentation is not None:
            # Own numbers for each batch of each epoch, whichever thread asks first.
            rng = np.random.default_rng([self._seed or 0, 7, self._epoch, number])
            records = vary(records, self._augmentation, rng)
            if self._augmentation.mixes:
                records, labels = mix(records, labels, self._augmentation, rng)
        if self._preprocess is not None:
            records = self._preprocess(np.asarray(records).round().astype(np.uint8))
        records = np.asarray(records, np.float32)
        if self._balance == "weights" and self._seed is not None:
            return records, labels, labels @ self._rarity
        return records, labels

    def add_view(self, store: np.ndarray, slots: np.ndarray) -> None:
        """One more view to draw from, from the next epoch on."""
        self._stores.append(store)
        self._slots.append(slots)
        self._shuffle()

    @property
    def views(self) -> int:
        return len(self._stores)

    def begin(self, epoch: int) -> None:
        """Order and variations of this epoch (from 0). How often Keras itself says that an epoch
        has
        ended depends on whether the model was built before, so it isn't left to that."""
        self._epoch = epoch
        self._shuffle()

    def on_epoch_end(self) -> None:
        self.begin(self._epoch + 1)

    def _read(self, rows: np.ndarray, views: np.ndarray) -> np.ndarray:
        if len(self._stores) == 1:
            return self._stores[0][self._slots[0][rows]]
        read = np.empty((len(rows), *self._stores[0].shape[1:]), self._stores[0].dtype)
        for number, (store, slots) in enumerate(zip(self._stores, self._slots, strict=True)):
            of_it = np.flatnonzero(views == number)
            read[of_it] = store[slots[rows[of_it]]]
        return read

    def _shuffle(self) -> None:
        n = len(self.labels)
        self._order, self._view = np.arange(n), np.zeros(n, np.int64)
        if self._seed is None:
            return
        rng = np.random.default_rng([self._seed, 3, self._epoch])
        if self._balance == "sampling":
            chance = self._rarity[self.labels].astype(np.float64)
            self._order = rng.choice(n, n, p=chance / chance.sum())
        else:
            self._order = rng.permutation(n)
        self._view = rng.integers(0, len(self._stores), n)
