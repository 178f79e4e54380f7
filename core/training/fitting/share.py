"""A step's batch divided between processes: each reads and varies its own part of the same
batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import vary, vary_some
from core.training.fitting.batches import Batches, Examples
from core.training.options import Balance

_SAMPLE = 32


@dataclass(frozen=True)
class Told:
    """Batches as another process is told of them, which has the same files.

    Attributes:
        stores: of each array on disk: file, offset in bytes, dtype and shape.
        slots, labels, classes: as :class:`Examples` has them.
        sample: hash of some records: at the same place, another computer may have others.
    """

    stores: tuple[tuple[str, int, str, tuple[int, ...]], ...]
    slots: np.ndarray
    labels: np.ndarray
    classes: int
    batch_size: int
    seed: int
    augmentation: Augmentation | None
    balance: Balance
    sample: str

    def open(self) -> Share:
        """The same batches here.

        Raises:
            OSError: the files are not here, or have other images.
        """
        stores: list[np.ndarray] = [
            np.memmap(file, dtype=kind, mode="r", offset=offset, shape=shape)
            for file, offset, kind, shape in self.stores
        ]
        if _sample(stores[0], self.slots[0]) != self.sample:
            raise OSError("This computer has other images at that place.")
        return Share(
            Examples(stores, self.slots, self.labels, self.classes),
            batch_size=self.batch_size,
            seed=self.seed,
            augmentation=self.augmentation,
            balance=self.balance,
        )


class Share(Batches):
    """Batches of which this process takes a part.

    Attributes:
        which, of: it takes part ``which`` (from 0) of ``of``.
    """

    which, of = 0, 1

    @classmethod
    def made_of(cls, batches: Batches) -> Share:
        """These batches, to be divided."""
        made = cls.__new__(cls)
        made.__dict__.update(batches.__dict__)
        return made

    def told(self) -> Told | None:
        """For another process; ``None`` where records are not simply images on disk."""
        stores = [store for store in self._stores if isinstance(store, np.memmap)]
        if self._preprocess is not None or self._seed is None or len(stores) < len(self._stores):
            return None
        return Told(
            tuple((str(s.filename), s.offset, s.dtype.str, s.shape) for s in stores),
            np.stack(self._slots),
            self.labels,
            len(self._shares),
            self._batch,
            self._seed,
            self._augmentation,
            self._balance,
            _sample(stores[0], self._slots[0]),
        )

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        """Records of this process's part, and labels (and weights) of the whole batch."""
        records, *rest = self.some(number, self.which, self.of)
        return records, *rest

    def some(self, number: int, which: int, of: int) -> tuple[Any, ...]:
        """As :meth:`__getitem__`, of any part: the same, whoever asks."""
        at = slice(number * self._batch, (number + 1) * self._batch)
        rows, views = self._order[at], self._view[at]
        labels, part = self._shares[self.labels[rows]], part_of(len(rows), which, of)
        options = self._augmentation
        rng = np.random.default_rng([self._seed or 0, 7, self._epoch, number])
        if options is None:
            records = self._read(rows[part], views[part])
        elif options.mixes:
            # Of two images each, from anywhere in the batch.
            records = vary(self._read(rows, views), options, rng)
            records, labels = mix(records, labels, options, rng)
            records = records[part]
        else:
            read = self._read(rows[part], views[part])
            records = vary_some(read, options, rng, part, len(rows))
        records = np.asarray(records, np.float32)
        if self._balance == "weights":
            return records, labels, labels @ self._rarity
        return records, labels


def _sample(store: np.ndarray, slots: np.ndarray) -> str:
    some = slots[np.linspace(0, len(slots) - 1, _SAMPLE).astype(np.int64)]
    return hashlib.sha256(np.ascontiguousarray(store[some]).tobytes()).hexdigest()


def part_of(images: int, which: int, of: int) -> slice:
    """Which of a batch's images make up a part."""
    return slice(images * which // of, images * (which + 1) // of)
