"""Images that end in the middle."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="truncated",
    title="Truncated images",
    plain="is cut off|are cut off",
    sentence="Part of these images is missing, so they are left out of training.",
    suggestion="Copy them again from where they came from, or exclude them.",
    harm=0.5,
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 for files that end before the image does."""
    return table["status"] == "truncated"
