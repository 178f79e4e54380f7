"""Byte-identical copies within a class and a split."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector


def _content(table: pd.DataFrame) -> np.ndarray:
    return table["hash"].to_numpy(dtype=object)


def repeated(table: pd.DataFrame) -> pd.Series:
    """True for readable images whose content occurs more than once."""
    return table["hash"].duplicated(keep=False) & (table["status"] == "ok")


@detector(
    key="exact_duplicates",
    title="Exact duplicates",
    sentence="The same picture is there more than once. Copies make some pictures count more "
    "than others.",
    suggestion="Keep one of each group.",
    harm=0.4,
    group=_content,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """1 for every readable image that has a copy with the same bytes."""
    return repeated(table).to_numpy(dtype=np.float64)
