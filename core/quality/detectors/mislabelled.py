"""Images that look like another class than the one they are filed under."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import About, detector


@detector(
    About(
        key="mislabelled",
        title="Perhaps in the wrong class",
        plain="may be in the wrong class|may be in the wrong class",
        sentence="These look much more like another class. Wrong labels teach the model mistakes, "
        "and make the test unfair.",
        suggestion="Look at each: move it to the right class, or say that it is fine.",
        harm=0.9,
        adjustable=True,
    )
)
def score(table: pd.DataFrame) -> np.ndarray:
    """How doubtful the label is; see :class:`core.quality.suspects.label_issues.Doubts`."""
    return np.nan_to_num(table["label_doubt"].to_numpy(dtype=np.float64))
