"""Images that are unlike all others of their class."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="outliers",
    title="Unlike the rest of their class",
    plain="is unlike the rest of its class|are unlike the rest of their class",
    sentence="These stand apart from all other images of their class: perhaps something else, "
    "perhaps a rare view that deserves more examples.",
    suggestion="Look at them, and exclude what doesn't belong.",
    harm=0.3,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """How far the nearest images of the class are; see
    :class:`core.quality.suspects.label_issues.Doubts`. What probably belongs to another class is
    left to the detector for that."""
    far = np.nan_to_num(table["outlier"].to_numpy(dtype=np.float64))
    return np.where(table["label_doubt"] >= 0.5, 0.0, far)
