"""What a frozen network sees in the images that may be learned from, computed once and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
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


def features(
    context: TrainingContext,
    data: Data,
    look: Look,
    rows: NDArray[np.int64],
    wall: Wall | None = None,
    took: dict[Look, float] | None = None,
) -> NDArray[np.float16]:
    """Features of some of a run's images, shape (len(rows), f): of one network after the other.

    Args:
        rows: positions in ``data.table``.
        wall: of these rows; shows what could be answered by now.
        took: is told the seconds an image of each network that had to look now.

    Raises:
        NotFound: an image that could be read a moment ago can't be any more.
        Cancelled: what was computed is kept.
    """
    return np.concatenate(list(in_parts(context, data, look, rows, wall, took)))


def in_parts(
    context: TrainingContext,
    data: Data,
    look: Look,
    rows: NDArray[np.int64],
    wall: Wall | None = None,
    took: dict[Look, float] | None = None,
) -> Iterator[NDArray[np.float16]]:
    """As :func:`features`, part by part, once all are known."""
    kept = [_of_one(context, data, alone, rows, wall, took) for alone in look.alone]
    # What is asked for comes first of all that is kept.
    sizes = [backbone.features for backbone in backbones_of(look)]
    for start in range(0, len(rows), _PART):
        some = [
            _mean([store[slots[start : start + _PART], :size] for store, slots in views])
            for views, size in zip(kept, sizes, strict=True)
        ]
        yield np.concatenate(some, axis=1) if len(some) > 1 else some[0]
        for views in kept:
            for store, _ in views:
                forget(store)


def _mean(views: list[NDArray[np.float16]]) -> NDArray[np.float16]:
    if len(views) == 1:
        return views[0]
    return np.asarray(np.mean([view.astype(np.float32) for view in views], axis=0), np.float16)


def _of_one(
    context: TrainingContext,
    data: Data,
    look: Look,
    rows: NDArray[np.int64],
    wall: Wall | None,
    took: dict[Look, float] | None,
) -> list[tuple[NDArray[np.float16], NDArray[np.int64]]]:
    """Of each view a memory map, shape (slots, f), and each row's slot: all that the network
    offers, or nothing but its means."""
    pixels = _images_of(context, data, look, rows)
    shares = (0.0, *look.closer)
    return [_of_view(context, data, look, rows, pixels, share, wall, took) for share in shares]


def _of_view(
    context: TrainingContext,
    data: Data,
    look: Look,
    rows: NDArray[np.int64],
    pixels: Images,
    closer: float,
    wall: Wall | None,
    took: dict[Look, float] | None,
) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    spec = context.spec.model_copy(update={**look.values, "augmentation": Augmentation()})
    catalog = context.catalog
    key = architectures.get(look.architecture).backbone or ""
    peaks: Peaks = "none" if look.peaks == "none" else "all"
    model = convert.load(
        catalog.workspace,
        key,
        look.size,
        context.report,
        gray=spec.color == "gray",
        peaks=peaks,
    )
    if closer:
        model = convert.load_closer(model, closer)
    views = frozen.views(
        catalog.workspace,
        spec,
        frozen.Body(context.precision, model, f"closer{closer:g}" if closer else "", peaks),
        pixels,
        spec.as_decoded.names(data.table["hash"].to_numpy()[rows]),
        len(rows),
        context.report,
    )
    began = context.now()
    if wall is None:
        looked = views.compute(0)
    else:
        looked = views.compute(0, wall.order(), wall.looking(str(look)))
    if took is not None and looked:
        took[replace(look, closer=())] = (context.now() - began) / looked
    return views.view(0)


def _images_of(context: TrainingContext, data: Data, look: Look, rows: NDArray[np.int64]) -> Images:
    """Images of some rows: from those that were decoded before, or else, where they are many, from
    their files each time."""
    spec, catalog = context.spec, context.catalog
    table = data.table.iloc[rows]
    if len(rows) * look.size**2 * 3 > _KEEP_BYTES and missing_pixels(
        catalog.workspace, spec.dataset_id, table, look.size, look.resize, spec.as_decoded
    ):
        root = catalog.workspace.load_path(catalog.datasets.get(spec.dataset_id).root)
        return Files(root, table, look.size, look.resize, spec.as_decoded)
    return pixels_of(context, data, look, rows)


def pixels_of(context: TrainingContext, data: Data, look: Look, rows: NDArray[np.int64]) -> Pixels:
    """Decoded images of some rows, as a look wants them.

    Raises:
        NotFound: one can't be read any more.
    """
    root = context.catalog.workspace.load_path(
        context.catalog.datasets.get(context.spec.dataset_id).root
    )
    pixels = load_pixels(
        context.catalog.workspace,
        context.spec.dataset_id,
        root,
        data.table.iloc[rows],
        look.size,
        fit=look.resize,
        decoding=context.spec.as_decoded,
        report=context.report,
    )
    if (pixels.slots < 0).any():
        raise gone(root, pixels.failed[0] if pixels.failed else None)
    return pixels


def backbones_of(look: Look) -> tuple[Backbone, ...]:
    """What a look's networks are, in its order, with what is taken of them."""
    return tuple(
        backbones.get(architectures.get(each).backbone or "").peaked(look.peaks)
        for each in look.networks
    )


def parts(look: Look) -> tuple[int, ...]:
    """How many features come from which layer, for :func:`core.training.heads.reduce.reducing`."""
    return tuple(part for each in backbones_of(look) for part in each.parts)
