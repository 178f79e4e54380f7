"""A dataset's usable images by the numbers of their rows: counts, filters and pages of pictures of
very many, without a copy of their table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import Catalog
from core.features.kept import Kept
from core.quality.curation import curated, is_usable
from core.quality.distributions import KINDS, Distribution, distribution

Rows = NDArray[np.integer]


class Shown:
    """What pages ask of a table.

    Args:
        table: from :func:`core.quality.curation.curated`.

    Attributes:
        table: the same.
        bytes: of all its files together.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        good = is_usable(table).to_numpy()
        self._all = bool(good.all())
        self.rows: Rows = np.flatnonzero(good).astype(np.int32)
        self._others = np.flatnonzero(~good)
        self.bytes = int(table["bytes"].sum())
        self._divided: dict[str, Distribution] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def others(self) -> pd.DataFrame:
        """The rows that can't be used: unreadable ones, and those that people left out."""
        return self.table.iloc[self._others]

    def divided(self, key: str) -> Distribution:
        """The usable images by :data:`core.quality.distributions.KINDS`; found out once."""
        if key not in self._divided:
            columns = self.table[KINDS[key][1]]
            self._divided[key] = distribution(
                key, columns if self._all else columns.take(self.rows)
            )
        return self._divided[key]

    @property
    def classes(self) -> Mapping[str, int]:
        """How many images each class has, by name."""
        return self.divided("class").counts

    @cached_property
    def sizes(self) -> tuple[tuple[tuple[int, int], tuple[int, int]], tuple[int, int]]:
        """The least and the largest width and height, and the most common size, in pixels.

        Raises:
            ValueError: there is no usable image.
        """
        sides = [self.table[side].to_numpy(np.int64)[self.rows] for side in ("width", "height")]
        least, most = (tuple(int(by(side)) for side in sides) for by in (np.min, np.max))
        number, found = pd.factorize((sides[0] << 32) | sides[1])
        counts = np.bincount(number)
        # Of equally common ones the smallest.
        common = int(found[counts == counts.max()].min())
        return ((least[0], least[1]), (most[0], most[1])), (common >> 32, common & 0xFFFFFFFF)

    @cached_property
    def _by_class(self) -> tuple[Rows, NDArray[np.int64]]:
        """The rows class by class, and where each class begins and ends."""
        numbers = self.divided("class").number
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=len(self.divided("class").names)))
        return self.rows[order], np.concatenate([[0], ends])

    def of_class(self, label: str) -> Rows:
        """The images of a class, in their order."""
        rows, ends = self._by_class
        number = self.divided("class").names.index(label)
        return rows[ends[number] : ends[number + 1]]

    def within(self, chosen: Mapping[str, Collection[str]]) -> Rows:
        """The images that are in one of the chosen parts of every distribution that is named; no
        parts are no restriction."""
        keep = np.ones(len(self.rows), bool)
        for key, parts in chosen.items():
            if parts:
                keep &= self.divided(key).among(parts)
        return self.rows[keep]

    def at(self, rows: Rows) -> pd.DataFrame:
        """A table of some rows: few, since they are copied."""
        return self.table.iloc[rows]


_made: Kept[Shown] = Kept(4)


def shown(catalog: Catalog, dataset_id: str, version: int) -> Shown:
    """A dataset at a version. A shared object.

    Raises:
        NotFound: as for :func:`core.quality.curation.curated`.
    """
    table = curated(catalog, dataset_id, version)
    # What was made of a table that is there no longer goes when another takes its place.
    return _made.get((str(catalog.engine.url), dataset_id), id(table), lambda: Shown(table))
