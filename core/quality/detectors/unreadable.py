"""Files that can't be decoded at all."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="unreadable",
    title="Unreadable images",
    plain="can’t be opened|can’t be opened",
    sentence="These files can't be opened as images, so the model never sees them.",
    suggestion="Copy them again from where they came from, or exclude them.",
    harm=0.5,
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 for files that are damaged, are no images, or have too many pixels to be decoded."""
    return table["status"].isin(["unreadable", "too_large"])
