"""Files of no bytes."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="empty",
    title="Empty files",
    plain="is an empty file|are empty files",
    sentence="These files hold nothing, often because a copy was cut off.",
    suggestion="Copy them again, or exclude them.",
    harm=0.45,
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 for files of zero bytes."""
    return table["status"] == "empty"
