"""Copies that were resized, compressed, brightened, cropped a little or slightly turned."""

import pandas as pd

from core.quality.copies import DEFAULT_THRESHOLD, LOWEST
from core.quality.detectors.registry import detector, filed_alike


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
    group=lambda table, least, alike: filed_alike(table, alike.groups(least)[table.index]),
    distinct=True,
)
def score(table: pd.DataFrame) -> pd.Series:
    """How alike the most similar other picture of the same class is, as a correlation."""
    return table["copy_score"]
