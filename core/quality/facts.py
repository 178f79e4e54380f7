"""What is found out about images after their scan, laid over the table for detectors to judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.catalog import Change
from core.datasets.places import column_as_kept
from core.quality.alike import Alike, alike, read_pairs
from core.quality.copies import MIRRORED, ROTATED

TURNED = (MIRRORED, ROTATED)
# What a doubt is about: it holds no longer when one of these is another.
_JUDGED = ["path", "hash", "label"]


def lay_over(
    table: pd.DataFrame, folder: Path, copies: Change | None, suspects: Change | None
) -> tuple[pd.DataFrame, Alike]:
    """Add columns to a table that is being made.

    Args:
        folder: the dataset's, with the files of facts.
        copies, suspects: the latest such changes.

    Returns:
        The table with ``copy_group`` (int64: rows of equal value are copies or near-duplicates of
        each other at the default threshold), ``copy_score`` and ``turned_score`` (float32, 0 to 1:
        how alike the nearest near-duplicate, mirrored or turned copy is), ``label_doubt`` and
        ``outlier`` (float32, 0 to 1, nan where the image was not judged under its present label)
        and ``suggested`` (str, the class that it looks most like, or ""); and the pairs.
    """
    known = alike(table, read_pairs(folder / copies.payload["file"]) if copies else None)
    table["copy_group"] = known.groups()
    table["copy_score"] = known.scores()
    table["turned_score"] = known.scores(TURNED)
    doubts = _read(folder / suspects.payload["file"]) if suspects else None
    if doubts is None:
        table["label_doubt"] = table["outlier"] = np.float32(np.nan)
        table["suggested"] = ""
        return table, known
    found = table[_JUDGED].merge(doubts, on=_JUDGED, how="left", validate="one_to_one")
    table["label_doubt"] = found["label_doubt"].to_numpy(np.float32)
    table["outlier"] = found["outlier"].to_numpy(np.float32)
    table["suggested"] = found["suggested"].fillna("").astype("str").to_numpy()
    return table, known


def _read(path: Path) -> pd.DataFrame | None:
    """Doubts as they were written; ``None`` if the file is missing or damaged."""
    try:
        found = pd.read_parquet(path)[[*_JUDGED, "label_doubt", "outlier", "suggested"]]
        return column_as_kept(found)
    except (OSError, ValueError, KeyError):
        return None
