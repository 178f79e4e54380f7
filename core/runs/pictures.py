"""The images of a run's dataset: as thumbnails, and as the run's model takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.datasets.images import Decoding
from core.datasets.pixels import Files, Pixels, load_pixels
from core.errors import LightboxError, NotFound
from core.progress import SILENT, Reporter
from core.quality import thumbs
from core.quality.curation import curated
from core.runs.values import ModelInfo

TINY = 48


@dataclass(frozen=True)
class Picture:
    """A thumbnail: JPEG or PNG bytes, empty where it can't be shown.

    Attributes:
        tiny: has so few pixels that they should be shown as squares.
    """

    data: bytes = b""
    tiny: bool = False


def run_pictures(
    catalog: Catalog,
    run: RunRecord,
    paths: Sequence[str],
    wrong: Callable[[LightboxError], object] = thumbs.unless_damaged,
) -> list[Picture]:
    """Thumbnails of images of a run's dataset, in this order; empty where there is none any more,
    of the image or of the whole dataset.

    Args:
        wrong: see :func:`core.quality.thumbs.read`.
    """
    try:
        table = curated(catalog, run.dataset_id, run.dataset_version).set_index("path")
    except NotFound:
        return [Picture()] * len(paths)
    known = table.reindex(list(paths))[["thumb_at", "thumb_bytes", "width", "height"]].fillna(0)
    places = zip(known["thumb_at"], known["thumb_bytes"], strict=True)
    found = thumbs.read(catalog.workspace, run.dataset_id, places, wrong)
    tiny = known[["width", "height"]].max(axis=1).between(1, TINY)
    return [Picture(data, bool(few)) for data, few in zip(found, tiny, strict=True)]


def run_pixels(
    catalog: Catalog,
    run: RunRecord,
    info: ModelInfo,
    rows: pd.DataFrame,
    report: Reporter = SILENT,
) -> Pixels:
    """Some of them, decoded or out of the cache.

    Args:
        info: of the run's model.
        rows: as :class:`core.datasets.pixels.Files` has them.

    Raises:
        NotFound: the dataset was removed.
        Cancelled: by the person.
    """
    root = catalog.workspace.load_path(catalog.datasets.get(run.dataset_id).root)
    files = Files(root, rows, info.image_size, info.fit, Decoding.parse(info.decoding))
    return load_pixels(catalog.workspace, run.dataset_id, files, report)
