"""What earlier scans know already, and which of it still holds.

A row is taken over if it was made by this version and the file has the same path, size and time;
but not that of a file that could not even be opened, which may only have been out of reach.
A scan that was cancelled or killed has left what it had done in ``partial-….parquet``.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.layout import FoundFile
from core.errors import NotFound
from core.quality.index import SCAN_VERSION, load_index, make_index, read_index, write_index
from core.workspace import Workspace

_PARTIAL = "partial-"


@dataclass(frozen=True)
class TakenOver:
    """What a scan need not do again.

    Attributes:
        held: rows that still hold, with the classes and splits as they are now.
        fresh: files that must be looked at.
        whole: the last whole scan's index, if there is one.
        same: whether that index still holds from end to end.
    """

    held: pd.DataFrame
    fresh: list[FoundFile]
    whole: pd.DataFrame | None
    same: bool


def take_over(
    workspace: Workspace,
    dataset_id: str,
    index: str | None,
    files: list[FoundFile],
    *,
    stale_greys: bool = False,
) -> TakenOver:
    """Compare files with what is known of them.

    Args:
        index: name of the last whole scan's index, if there was one.
        files: all that are there now, in the order of their paths.
        stale_greys: images of deep greys must be looked at again.
    """
    whole = None
    if index is not None:
        with contextlib.suppress(NotFound):
            whole = read_index(workspace, dataset_id, index)
    tables: list[pd.DataFrame] = [] if whole is None else [whole]
    for part in _partials(workspace, dataset_id):
        with contextlib.suppress(NotFound):
            tables.append(load_index(part))
    if not tables or not files:
        return TakenOver(make_index([]), files, whole, same=False)
    known = tables[0]
    if len(tables) > 1:
        known = pd.concat(tables, ignore_index=True)
        known = known.drop_duplicates("path", keep="last", ignore_index=True)
    at, holds = _match(known, files)
    if stale_greys and not known.empty:
        holds &= ~(known["grey_high"] > known["grey_low"]).to_numpy()[at]
    still, rows = [file for file, hold in zip(files, holds, strict=True) if hold], at[holds]
    now = {
        name: pd.Series([getattr(file, name) for file in still], dtype="str")
        for name in ("label", "split", "together")
    }
    same = len(still) == len(files) == len(known) and known is whole
    for name, column in now.items():
        same = same and known[name].iloc[rows].reset_index(drop=True).equals(column)
    held = known if same else known.iloc[rows].reset_index(drop=True).assign(**now)
    fresh = [file for file, hold in zip(files, holds, strict=True) if not hold]
    return TakenOver(held, fresh, whole, same)


def labels_of(workspace: Workspace, dataset_id: str, index: str | None) -> dict[str, str]:
    """The images of a whole scan, with their classes as they were found, by their paths; none
    where there is no such index (any more)."""
    if index is None:
        return {}
    with contextlib.suppress(NotFound):
        table = read_index(workspace, dataset_id, index)
        return dict(zip(table["path"], table["label"], strict=True))
    return {}


def _match(
    known: pd.DataFrame, files: list[FoundFile]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each file its row, or -1, and whether that row still holds."""
    at = pd.Index(known["path"]).get_indexer([file.path for file in files]).astype(np.int64)
    if known.empty:
        return at, np.zeros(len(files), bool)
    holds = at >= 0
    holds &= known["scan_version"].to_numpy()[at] == SCAN_VERSION
    holds &= (known["hash"] != "").to_numpy()[at]
    holds &= known["bytes"].to_numpy()[at] == np.array([file.bytes for file in files])
    holds &= known["mtime_ns"].to_numpy()[at] == np.array([file.mtime_ns for file in files])
    return at, holds


def keep_partial(workspace: Workspace, dataset_id: str, table: pd.DataFrame) -> None:
    """Write down some rows of a scan that is not done yet."""
    write_index(workspace, dataset_id, f"{_PARTIAL}{time.time_ns()}.parquet", [table])


def drop_partials(workspace: Workspace, dataset_id: str) -> None:
    """Forget what unfinished scans left, now that there is a whole one."""
    for part in _partials(workspace, dataset_id):
        part.unlink(missing_ok=True)


def _partials(workspace: Workspace, dataset_id: str) -> list[Path]:
    return sorted(workspace.dataset(dataset_id).glob(f"{_PARTIAL}*.parquet"))
