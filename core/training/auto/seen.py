"""What a frozen network sees in the images that may be learned from, computed once and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.pixels import Files, Images, Pixels, gone, load_pixels, missing_pixels
from core.datasets.slots import forget
from core.features import backbones
from core.features.backbones import Backbone, Peaks, convert
from core.training import architectures, frozen
from core.training.augmentation.options import Augmentation
from core.training.auto.looks import Look
from core.training.auto.wall import Wall
from core.training.context import Data, TrainingContext

# Decoded images are kept for the next network that looks at them up to so many bytes.
_KEEP_BYTES = 2**30
# Features are handed out in parts of so many rows where there are many.
_PART = 4096


@dataclass(frozen=True)
class Seen:
    """What networks see in some of a run's images.

    Attributes:
        rows: positions in ``data.table``.
        wall: of these rows; shows what could be answered by now.
        took: is told the seconds an image of each network that had to look now.
    """

    context: TrainingContext
    data: Data
    rows: NDArray[np.int64]
    wall: Wall | None = None
    took: dict[Look, float] | None = None

    def features(self, look: Look) -> NDArray[np.float16]:
        """Features, shape (len(rows), f): of one network after the other.

        Raises:
            NotFound: an image that could be read a moment ago can't be any more.
            Cancelled: what was computed is kept.
        """
        return np.concatenate(list(self.in_parts(look)))

    def in_parts(self, look: Look) -> Iterator[NDArray[np.float16]]:
        """As :meth:`features`, part by part, once all are known."""
        kept = [self._of_one(alone) for alone in look.alone]
        # What is asked for comes first of all that is kept.
        sizes = [backbone.features for backbone in backbones_of(look)]
        for start in range(0, len(self.rows), _PART):
            some = [
                _mean([store[slots[start : start + _PART], :size] for store, slots in views])
                for views, size in zip(kept, sizes, strict=True)
            ]
            yield np.concatenate(some, axis=1) if len(some) > 1 else some[0]
            for views in kept:
                for store, _ in views:
                    forget(store)

    def pixels(self, look: Look) -> Pixels:
        """Decoded images, as a look wants them.

        Raises:
            NotFound: one can't be read any more.
        """
        context = self.context
        workspace, dataset_id = context.catalog.workspace, context.spec.dataset_id
        pixels = load_pixels(workspace, dataset_id, self._files(look), context.report)
        if (pixels.slots < 0).any():
            raise gone(self._root, pixels.failed[0] if pixels.failed else None)
        return pixels

    @property
    def _root(self) -> Path:
        catalog = self.context.catalog
        return catalog.workspace.load_path(catalog.datasets.get(self.context.spec.dataset_id).root)

    @property
    def _table(self) -> pd.DataFrame:
        return self.data.table.iloc[self.rows]

    def _of_one(self, look: Look) -> list[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Of each view a memory map, shape (slots, f), and each row's slot: all that the network
        offers, or nothing but its means."""
        pixels = self._images(look)
        return [self._of_view(look, pixels, share) for share in (0.0, *look.closer)]

    def _of_view(
        self, look: Look, pixels: Images, closer: float
    ) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
        context = self.context
        spec = context.spec.model_copy(update={**look.values, "augmentation": Augmentation()})
        key = architectures.get(look.architecture).backbone or ""
        peaks: Peaks = "none" if look.peaks == "none" else "all"
        model = convert.load(
            context.catalog.workspace,
            key,
            look.size,
            context.report,
            gray=spec.color == "gray",
            peaks=peaks,
        )
        own = f"closer{closer:g}" if closer else ""
        if closer:
            model = convert.load_closer(model, closer)
        views = frozen.views(
            context.catalog.workspace,
            spec,
            frozen.extractor(spec, context.precision, model, own, peaks),
            pixels,
            spec.as_decoded.names(self._table["hash"].to_numpy()),
            len(self.rows),
            context.report,
        )
        began = context.now()
        if self.wall is None:
            looked = views.compute(0)
        else:
            looked = views.compute(0, self.wall.order(), self.wall.looking(str(look)))
        if self.took is not None and looked:
            self.took[replace(look, closer=())] = (context.now() - began) / looked
        return views.view(0)

    def _images(self, look: Look) -> Images:
        """Images from those that were decoded before, or else, where they are many, from their
        files each time."""
        spec, table = self.context.spec, self._table
        if len(table) * look.size**2 * 3 > _KEEP_BYTES and missing_pixels(
            self.context.catalog.workspace,
            spec.dataset_id,
            table,
            look.size,
            look.resize,
            spec.as_decoded,
        ):
            return self._files(look)
        return self.pixels(look)

    def _files(self, look: Look) -> Files:
        decoding = self.context.spec.as_decoded
        return Files(self._root, self._table, look.size, look.resize, decoding)


def _mean(views: list[NDArray[np.float16]]) -> NDArray[np.float16]:
    if len(views) == 1:
        return views[0]
    return np.asarray(np.mean([view.astype(np.float32) for view in views], axis=0), np.float16)


def backbones_of(look: Look) -> tuple[Backbone, ...]:
    """What a look's networks are, in its order, with what is taken of them."""
    return tuple(
        backbones.get(architectures.get(each).backbone or "").peaked(look.peaks)
        for each in look.networks
    )


def parts(look: Look) -> tuple[int, ...]:
    """How many features come from which layer, for :func:`core.training.heads.reduce.reducing`."""
    return tuple(part for each in backbones_of(look) for part in each.parts)
