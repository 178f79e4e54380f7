"""Copies that were resized, compressed, brightened, cropped a little or slightly turned."""

import numpy as np
import pandas as pd

from core.quality.alike import Alike
from core.quality.copies import DEFAULT_THRESHOLD, LOWEST
from core.quality.detectors.registry import detector, filed_alike


def _group(table: pd.DataFrame, threshold: float, alike: Alike) -> np.ndarray:
    return filed_alike(table, alike.groups(threshold)[table.index])


@detector(
    key="near_duplicates",
    title="Near-duplicates",
    plain="is nearly the same as another|are nearly the same as others",
    sentence="These show the same picture with small changes: another size, another "
    "compression, a narrower crop. They make some pictures count more than others.",
    suggestion="Keep the best of each group.",
    harm=0.35,
    threshold=DEFAULT_THRESHOLD,
    lowest=LOWEST,
    adjustable=True,
    group=_group,
    distinct=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """How alike the most similar other picture of the same class is, as a correlation."""
    return table["copy_score"].to_numpy(dtype=np.float64)
