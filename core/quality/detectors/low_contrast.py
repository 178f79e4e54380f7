"""Images that are grey in grey: fog, backlight, a dirty lens, a faded scan."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, ramp
from core.quality.detectors.shows_little import shows_little


@detector(
    key="low_contrast",
    title="Low contrast images",
    sentence="Light and dark hardly differ in these, so what they show is hard to make out.",
    suggestion="Look at them, and exclude those in which you can't tell the class either.",
    harm=0.2,
    kind=True,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """From 0 at a standard deviation of luma of 0.12 to 1 at none, on a scale where half black
    and half white is 0.5 and most photos have 0.15 to 0.25. 0 for images that are flagged as
    blank, dark or bright: those say it better."""
    return np.where(shows_little(table), 0.0, ramp(table["bright_spread"], 0.12, 0.0))
