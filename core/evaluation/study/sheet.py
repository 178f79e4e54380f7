"""Many small pictures on one sheet, so that a map can show any of them without asking for it.

The sheet is a WebP of square cells, line by line; each picture lies in its cell's upper left corner
in its own proportions. 3,000 photos are about 1 MB and 0.7 s of work.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from math import ceil, sqrt
from pathlib import Path

import pandas as pd
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.datasets.content import read_regular
from core.datasets.images import open_image
from core.errors import UnreadableImage
from core.quality import thumbs
from core.quality.curation import curated
from core.runs.reading import write_table
from core.workspace import atomic_path

_LARGEST, _SMALLEST = 112, 24
# As many pixels as a phone's browser still unpacks in a moment.
_PIXELS = 10_000_000
_QUALITY = 65
# Pictures of fewer pixels are shown as squares.
_TINY = 48
PICTURE, TABLE = "sheet.webp", "sheet.parquet"


def save_sheet(folder: Path, paths: list[str], pictures: Iterable[Image.Image | None]) -> None:
    """Write ``sheet.webp`` and ``sheet.parquet`` (``path``, ``width``, ``height``, ``tiny``,
    ``side``).

    Args:
        pictures: RGB, one for each path; ``None`` leaves its cell empty, of width 0.
    """
    side = int(min(_LARGEST, max(_SMALLEST, sqrt(_PIXELS / max(1, len(paths))))))
    across = max(1, ceil(sqrt(len(paths))))
    sheet = Image.new("RGB", (across * side, max(1, ceil(len(paths) / across)) * side))
    lines = []
    for number, (path, picture) in enumerate(zip(paths, pictures, strict=True)):
        if picture is None:
            lines.append((path, 0, 0, False, side))
            continue
        tiny = max(picture.size) <= _TINY
        picture.thumbnail((side, side), reducing_gap=2.0)
        sheet.paste(picture, (number % across * side, number // across * side))
        lines.append((path, *picture.size, tiny, side))
    with atomic_path(folder / PICTURE) as part:
        sheet.save(part, "WEBP", quality=_QUALITY)
    columns = ["path", "width", "height", "tiny", "side"]
    write_table(folder / TABLE, pd.DataFrame(lines, columns=columns))


def tested_pictures(
    catalog: Catalog, run: RunRecord, on: str, paths: list[str]
) -> Iterator[Image.Image | None]:
    """Small pictures of tested images, in this order; ``None`` where there is none any more.

    Args:
        on: ``test`` for images of the run's dataset, else the folder that was tested on.

    Raises:
        NotFound: the run's dataset was removed.
    """
    if on != "test":
        folder = catalog.workspace.load_path(on)
        return (_from_file(folder / path) for path in paths)
    table = curated(catalog, run.dataset_id, run.dataset_version).set_index("path")
    known = table.reindex(paths)[["thumb_at", "thumb_bytes"]].fillna(0).astype("int64")
    places = zip(known["thumb_at"], known["thumb_bytes"], strict=True)
    return (_opened(data) for data in thumbs.read(catalog.workspace, run.dataset_id, places))


def _opened(data: bytes) -> Image.Image | None:
    if not data:
        return None
    try:
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", (_LARGEST, _LARGEST))
        return image.convert("RGB")
    except (OSError, ValueError):
        return None


def _from_file(file: Path) -> Image.Image | None:
    try:
        opened = open_image(read_regular(file), file=file.name, draft=(_LARGEST, _LARGEST))
    except (OSError, UnreadableImage):
        return None
    return thumbs.shrink(opened.image)
