"""A step's batch divided between processes: each reads and varies its own part of the same
batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.catalog import open_catalog
from core.datasets.pixels import Files, load_pixels
from core.errors import NotFound
from core.training import recipes
from core.training.augmentation.mix import mix
from core.training.augmentation.vary import vary, vary_some
from core.training.fitting.batches import Batches, Examples
from core.training.spec import TrainSpec
from core.who import MACHINE, acting_as
from core.workspace import open_workspace


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

    @classmethod
    def read(cls, spec: TrainSpec, classes: int, images: pd.DataFrame, labels: np.ndarray) -> Share:
        """A run's training images as another process reads them: from a disk of its own, if it has
        no part of the owner's.

        Args:
            images: ``path`` and ``hash`` of each, as they were scanned.
            labels, classes: as :class:`Examples` has them.

        Raises:
            NotFound: an image is not here, or another one in its place.
            LightboxError: as :func:`load_pixels`, and those of lists and files that can't be
                reached from here.
        """
        with acting_as(MACHINE):
            workspace = open_workspace()
            root = workspace.load_path(open_catalog(workspace).datasets.get(spec.dataset_id).root)
            files = Files(root, images, spec.image_size, spec.resize, spec.as_decoded)
            pixels = load_pixels(workspace, spec.dataset_id, files)
        if (pixels.slots < 0).any():
            raise NotFound("Not all images can be read here that are trained on.", file=root)
        return cls(
            Examples([pixels.store], pixels.slots, labels, classes),
            batch_size=recipes.batch_size(spec, len(images)),
            seed=spec.seed,
            augmentation=spec.augmentation if spec.augmentation.active else None,
            balance=spec.balance,
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


def part_of(images: int, which: int, of: int) -> slice:
    """Which of a batch's images make up a part."""
    return slice(images * which // of, images * (which + 1) // of)
