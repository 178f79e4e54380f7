"""Images that show next to nothing: one colour, a blank page, a lens cap."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, ramp


@detector(
    key="low_information",
    title="Nearly blank images",
    plain="is nearly blank|are nearly blank",
    sentence="These are almost one plain colour, so there is nothing in them to learn from.",
    suggestion="Exclude those that show nothing.",
    harm=0.55,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """From 0 at a histogram entropy of 3 bits to 1 at none, for images with little contrast."""
    plain = ramp(table["bright_spread"], 0.06, 0.0)
    return np.minimum(1.0, np.sqrt(plain * ramp(table["entropy"], 4.5, 0.0)))
