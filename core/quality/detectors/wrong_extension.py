"""Files that are not what their name says."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="wrong_extension",
    title="Wrong file type in the name",
    sentence="These files are images of another type than their name says. Lightbox reads them "
    "anyway; other programs may not.",
    suggestion="Nothing to do here; rename them if you use them elsewhere.",
    harm=0.05,
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 where the decoded format doesn't go with the suffix."""
    return table["wrong_suffix"]
