"""What a frozen network sees in the images that may be learned from, computed once and kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.datasets.pixels import Pixels, load_pixels
from core.errors import NotFound
from core.features import backbones
from core.features.backbones import convert
from core.training import architectures, frozen
from core.training.augmentation.options import Augmentation
from core.training.auto.looks import Look
from core.training.auto.wall import Wall
from core.training.context import Data, TrainingContext


def features(
    context: TrainingContext,
    data: Data,
    look: Look,
    rows: NDArray[np.int64],
    wall: Wall | None = None,
) -> NDArray[np.float16]:
    """Features of some of a run's images, shape (len(rows), f): of one network after the other.

    Args:
        rows: positions in ``data.table``.
        wall: of these rows; shows what could be answered by now.

    Raises:
        NotFound: an image that could be read a moment ago can't be any more.
        Cancelled: what was computed is kept.
    """
    return np.concatenate(
        [_of_one(context, data, alone, rows, wall) for alone in look.alone], axis=1
    )


def _of_one(
    context: TrainingContext, data: Data, look: Look, rows: NDArray[np.int64], wall: Wall | None
) -> NDArray[np.float16]:
    spec = context.spec.model_copy(update={**look.values, "augmentation": Augmentation()})
    catalog = context.catalog
    backbone = backbones.get(architectures.get(look.architecture).backbone or "")
    gray = spec.color == "gray"
    model = convert.load(catalog.workspace, backbone.key, look.size, context.report, gray=gray)
    pixels = pixels_of(context, data, look, rows)
    views = frozen.views(
        catalog.workspace,
        spec,
        frozen.Body(context.precision, model),
        pixels,
        spec.as_decoded.names(data.table["hash"].to_numpy()[rows]),
        len(rows),
        context.report,
    )
    if wall is None:
        views.compute(0)
    else:
        views.compute(0, wall.order(), wall.looking(str(look)))
    store, slots = views.view(0)
    return np.asarray(store[slots])


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
        raise NotFound(
            "Some images can't be read any more.",
            file=pixels.failed[0].path if pixels.failed else root,
            remedy="Put them back where they were, or scan the dataset again.",
        )
    return pixels


def parts(look: Look) -> tuple[int, ...]:
    """How many features come from which layer, for :func:`core.training.heads.reduce.reducing`."""
    found: list[int] = []
    for network in look.networks:
        backbone = backbones.get(architectures.get(network).backbone or "")
        found += [backbone.features - backbone.last, backbone.last]
    return tuple(found)
