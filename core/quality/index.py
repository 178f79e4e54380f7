"""The index: one row an image with the facts of a scan, kept as one Parquet file a scan.

Facts only: what a person decided about an image is laid over it by :mod:`core.quality.curation`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.catalog import Catalog
from core.datasets.content import split_path
from core.datasets.greys import Range, common_range
from core.datasets.places import column_as_kept
from core.errors import NotFound
from core.who import author
from core.workspace import Workspace, atomic_path

# Bumped when a scan finds out more, or otherwise: rows of another version are not taken over.
SCAN_VERSION = 3

# Column → dtype. ``status``: ok, empty, unreadable, truncated or too_large, with ``problem`` as a
# sentence. ``format`` and ``mode`` are Pillow's names. Sizes in pixels, as displayed.
# ``hash``: BLAKE2b-128 of the file. ``thumb_at``, ``thumb_bytes``: place in ``thumbs.pack``.
# ``scan_version``: of :data:`SCAN_VERSION` as it was. ``descriptor``: of
# :mod:`core.quality.descriptor`; empty where the image could not be read. ``grey_low``,
# ``grey_high``: the range of greys of more than eight bits, 0 for other images.
# ``together``: what it belongs to (a patient, a video …), as a person chose; "" for nothing.
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
    "together": "str",
    "hash": "str",
    "orientation": "int8",
    "wrong_suffix": "bool",
    "thumb_at": "int64",
    "thumb_bytes": "int32",
    "scan_version": "int16",
    "descriptor": "binary[pyarrow]",
    "grey_low": "float64",
    "grey_high": "float64",
    "brightness": "float32",
    "bright_spread": "float32",
    "dark_percentile": "float32",
    "bright_percentile": "float32",
    "sharpness": "float32",
    "entropy": "float32",
    "colourfulness": "float32",
}


# What columns hold that older versions did not have.
_ADDED = {"scan_version": 1, "descriptor": b"", "grey_low": 0.0, "grey_high": 0.0, "together": ""}
# Enough rows to be read quickly, few enough that writing takes little memory.
_GROUP_ROWS = 8192
# Bytes that look like noise to a compressor.
_INCOMPRESSIBLE = {"descriptor", "hash"}
_DAMAGED = (OSError, ValueError, KeyError, pa.ArrowException)


def make_index(
    rows: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
) -> pd.DataFrame:
    """Rows, or columns, as a table with exactly :data:`COLUMNS`, in the order of their paths."""
    return in_order(pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The table in the order of its paths; itself if it is already."""
    if is_in_order(table["path"]):
        return table
    return table.sort_values("path", ignore_index=True)


def as_arrow(column: pd.Series | np.ndarray, kind: pa.DataType | None = None) -> pa.Array:
    """A column as one array of Arrow's."""
    values = pa.array(column, kind)
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    return values


def is_in_order(paths: pd.Series) -> bool:
    """Whether paths are sorted; asked of Arrow, since pandas would make an object of each."""
    values = as_arrow(paths, pa.large_string())
    return bool(pc.all(pc.less_equal(values[:-1], values[1:])).as_py()) if len(values) else True


def grey_range(table: pd.DataFrame) -> Range | None:
    """One range for all of a table's images of more than eight bits; ``None`` if there are none,
    or they were scanned by an earlier version."""
    if not {"grey_low", "grey_high"} <= set(table.columns):
        return None
    return common_range(table[["grey_low", "grey_high"]].to_numpy(np.float64))


def page_of(table: pd.DataFrame) -> int:
    """The page that is meant of a table's files of several, from 1 on."""
    paths = table["path"]
    paged = paths[paths.str.contains("#page=", regex=False)]
    return (split_path(str(paged.iloc[0]))[1].page or 1) if len(paged) else 1


def write_index(
    workspace: Workspace, dataset_id: str, name: str, tables: Iterable[pd.DataFrame]
) -> None:
    """Write an index under ``name`` in the dataset's folder, atomically: of tables that follow each
    other in the order of their paths, of which one is held at a time."""
    with (
        atomic_path(workspace.dataset(dataset_id) / name) as part,
        contextlib.ExitStack() as opened,
    ):
        writer = None
        for table in tables:
            rows = pa.Table.from_pandas(table, preserve_index=False)
            if writer is None:
                packed = [each for each in table.columns if each not in _INCOMPRESSIBLE]
                how = dict.fromkeys(table.columns, "none") | dict.fromkeys(packed, "zstd")
                writer = opened.enter_context(
                    pq.ParquetWriter(part, rows.schema, compression=how, use_dictionary=packed)
                )
            writer.write_table(rows, row_group_size=_GROUP_ROWS)


def read_index(workspace: Workspace, dataset_id: str, name: str) -> pd.DataFrame:
    """The index of that name; a shared object, not to be changed.

    Raises:
        NotFound: it is missing or damaged.
    """
    return _read(workspace.dataset(dataset_id) / name)


def keep_found(
    catalog: Catalog,
    dataset_id: str,
    action: str,
    table: pd.DataFrame,
    about: Mapping[str, object],
    why: str = "",
) -> None:
    """Keep what was found out after a scan in a file beside its index, under a name that was never
    used, and say so in the log.

    Args:
        action: what was done, as the log has it: ``copies`` or ``suspects``.
        about: what the log is to say besides the file.
    """
    done = sum(change.action == action for change in catalog.changes.of(dataset_id))
    name = f"{action}-{done + 1}.parquet"
    with atomic_path(catalog.workspace.dataset(dataset_id) / name) as part:
        table.to_parquet(part, index=False, compression="zstd")
    payload = {"file": name, **about}
    catalog.changes.append(dataset_id, action, payload, author=author(), why=why)


def load_index(path: Path, columns: Collection[str] = COLUMNS) -> pd.DataFrame:
    """The index in a file, afresh.

    Args:
        columns: which of :data:`COLUMNS`; ``path`` among them.

    Raises:
        NotFound: it is missing or damaged.
    """
    try:
        return in_order(column_as_kept(_load(path, columns)))
    except _DAMAGED as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> NotFound:
    return NotFound(
        "The index of this dataset is missing or was made by another version.",
        file=path.name,
        remedy="Scan the dataset again.",
    )


def _load(path: Path, columns: Collection[str]) -> pd.DataFrame:
    kept = pq.read_schema(path).names
    found = pq.read_table(path, columns=[name for name in kept if name in columns])
    table = found.to_pandas(types_mapper={pa.binary(): pd.ArrowDtype(pa.binary())}.get)
    if not len(table.columns):
        table = pd.DataFrame(index=range(pq.read_metadata(path).num_rows))
    missing = {name: value for name, value in _ADDED.items() if name not in table}
    wanted = {name: kind for name, kind in COLUMNS.items() if name in columns}
    return table.assign(**missing)[list(wanted)].astype(wanted)


def each_column(path: Path, columns: Collection[str]) -> Iterator[tuple[str, pd.Series]]:
    """The same columns one after the other, so that only one of them is held at a time.

    Raises:
        NotFound: as for :func:`load_index`.
    """
    try:
        paths = column_as_kept(_load(path, ["path"]))["path"]
        order = None if is_in_order(paths) else paths.argsort()
        del paths
        for name in COLUMNS:
            if name in columns:
                table = _load(path, [name])
                column = (column_as_kept(table) if name == "path" else table)[name]
                del table
                yield name, column if order is None else column.take(order)
    except _DAMAGED as error:
        raise _unreadable(path) from error


def rows_in(path: Path) -> int:
    """How many images an index has.

    Raises:
        NotFound: as for :func:`load_index`.
    """
    try:
        return int(pq.read_metadata(path).num_rows)
    except _DAMAGED as error:
        raise _unreadable(path) from error


# A scan has the one before and its own. One of 60,000 images takes about 70 MB, most of it
# descriptors.
_read = lru_cache(maxsize=2)(load_index)
