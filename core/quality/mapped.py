"""Tables of very many rows: a column a file, which the system maps into memory and lets go of.

What is read of such a table costs no memory of the process that reads it: the pages of its files
are the system's, shared by all who read them. A column is one record batch of an Arrow file, so a
row of it is found at once, and a filter reads its own column only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core.quality.index import as_arrow

_SUFFIX = ".arrow"
_TEXT = pd.StringDtype(na_value=np.nan)
# Of one dataset, so many tables stay: three for each state of what is known of it.
_KEPT = 9
_LEFT_S = 24 * 3600


def keep_columns(folder: Path, columns: Iterable[tuple[str, pd.Series]]) -> None:
    """Write columns of equal length to a folder that isn't there yet; it appears whole.

    Args:
        columns: names for files, and text, whole numbers, fractions or truths without gaps;
            one after the other, so that a generator holds one at a time.

    Raises:
        OSError: it can't be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f"{uuid.uuid4().hex[:12]}.part")
    try:
        part.mkdir()
        for number, (name, column) in enumerate(columns):
            # The number keeps the order of columns.
            _write(part / f"{number:03d}-{name}{_SUFFIX}", column)
        with contextlib.suppress(FileExistsError, OSError):
            part.rename(folder)  # unless another process was sooner
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _forget_old(folder.parent)


def open_columns(folder: Path) -> pd.DataFrame | None:
    """The table that :func:`keep_columns` wrote, mapped, not to be changed; ``None`` if there is
    none that is whole."""
    try:
        files = sorted(each for each in folder.iterdir() if each.suffix == _SUFFIX)
        found = {each.stem.partition("-")[2]: _read(each) for each in files}
        os.utime(folder)
        return pd.DataFrame(found, copy=False) if found else None
    except (OSError, ValueError, pa.ArrowException):
        return None


def _write(file: Path, column: pd.Series) -> None:
    if pd.api.types.is_bool_dtype(column):
        # Arrow packs eight truths into a byte, which NumPy can't read as they lie.
        column = column.astype("uint8")
    text = column.dtype == _TEXT
    # Of NumPy's numbers Arrow takes nan for a number, not for a gap.
    values = as_arrow(column, pa.large_string()) if text else as_arrow(column.to_numpy())
    name = "bool" if values.type == pa.uint8() else "values"
    batch = pa.record_batch({name: values})
    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, batch.schema) as writer:
        writer.write_batch(batch)


def _read(file: Path) -> pd.Series:
    batch = pa.ipc.open_file(pa.memory_map(str(file))).get_batch(0)
    values = batch.column(0)
    if pa.types.is_large_string(values.type):
        return pd.Series(_TEXT.__from_arrow__(values), copy=False)
    numbers = values.to_numpy()
    if batch.schema.names == ["bool"]:
        numbers = numbers.view(np.bool_)
    return pd.Series(numbers, copy=False)


def _forget_old(place: Path) -> None:
    """Remove all but the few that were opened last, and what processes that ended have left."""
    with contextlib.suppress(OSError):
        folders = sorted(place.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        whole = [each for each in folders if each.suffix != ".part"]
        # What is being written is touched with each column.
        left = [each for each in folders if each.stat().st_mtime < time.time() - _LEFT_S]
        for old in [*whole[_KEPT:], *(each for each in left if each not in whole)]:
            shutil.rmtree(old, ignore_errors=True)
