"""The index: one row an image with the facts of a scan, kept as one Parquet file a scan.

Facts only: what a person decided about an image is laid over it by :mod:`core.quality.curation`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.datasets.layout import Skipped
from core.errors import NotFound
from core.workspace import Workspace, atomic_path, read_json, write_json

# Column → dtype. ``status``: ok, empty, unreadable, truncated or too_large, with ``problem`` as a
# sentence. ``format`` and ``mode`` are Pillow's names. Sizes in pixels, as displayed.
# ``hash``: BLAKE2b-128 of the file. ``thumb_at``, ``thumb_bytes``: place in ``thumbs.pack``.
# Measurements are nan where the image could not be read; see :mod:`core.quality.measure`.
COLUMNS: dict[str, str] = {
    "path": "str",
    "label": "str",
    "split": "str",
    "status": "str",
    "problem": "str",
    "format": "str",
    "mode": "str",
    "width": "int32",
    "height": "int32",
    "bytes": "int64",
    "mtime_ns": "int64",
    "hash": "str",
    "orientation": "int8",
    "wrong_suffix": "bool",
    "thumb_at": "int64",
    "thumb_bytes": "int32",
    "brightness": "float32",
    "bright_spread": "float32",
    "dark_percentile": "float32",
    "bright_percentile": "float32",
    "sharpness": "float32",
    "entropy": "float32",
    "colourfulness": "float32",
}


def make_index(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table with exactly :data:`COLUMNS`, in the order of their paths."""
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.sort_values("path", ignore_index=True)


def write_index(workspace: Workspace, dataset_id: str, name: str, table: pd.DataFrame) -> None:
    """Write an index under ``name`` in the dataset's folder, atomically."""
    with atomic_path(workspace.dataset(dataset_id) / name) as part:
        table.to_parquet(part, index=False, compression="zstd")


def read_index(workspace: Workspace, dataset_id: str, name: str) -> pd.DataFrame:
    """The index of that name; a shared object, not to be changed.

    Raises:
        NotFound: it is missing or damaged.
    """
    return _read(workspace.dataset(dataset_id) / name)


@lru_cache(maxsize=8)
def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
        return table[list(COLUMNS)].astype(COLUMNS)
    except (OSError, ValueError, KeyError) as error:
        raise NotFound(
            "The index of this dataset is missing or was made by another version.",
            file=path.name,
            remedy="Scan the dataset again.",
        ) from error


def write_skipped(workspace: Workspace, dataset_id: str, name: str, skipped: list[Skipped]) -> None:
    """Keep the list of what a scan left out."""
    write_json(workspace.dataset(dataset_id) / name, [[item.path, item.why] for item in skipped])


def read_skipped(workspace: Workspace, dataset_id: str, name: str) -> list[Skipped]:
    """What :func:`write_skipped` kept."""
    return [Skipped(path, why) for path, why in read_json(workspace.dataset(dataset_id) / name)]


def empty_measurements() -> dict[str, float]:
    """What stands in the columns of measurements for an image that can't be read."""
    names = list(COLUMNS)
    return dict.fromkeys(names[names.index("brightness") :], float(np.nan))
