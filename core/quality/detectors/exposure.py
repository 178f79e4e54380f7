"""Images that are too dark or too bright to show much."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, ramp


@detector(
    key="dark",
    title="Very dark images",
    sentence="There is little to see in these, so they teach the model little.",
    suggestion="Look at them, and exclude those in which you can't tell the class either.",
    harm=0.3,
    kind=True,
    adjustable=True,
)
def dark(table: pd.DataFrame) -> np.ndarray:
    """From 0 at a 99th percentile of luma of 0.6 to 1 at 0: even the brightest parts are dark."""
    return ramp(table["bright_percentile"], 0.6, 0.0)


@detector(
    key="bright",
    title="Very bright images",
    sentence="These are washed out: there is little to see in them.",
    suggestion="Look at them, and exclude those in which you can't tell the class either.",
    harm=0.3,
    kind=True,
    threshold=0.8,
    adjustable=True,
)
def bright(table: pd.DataFrame) -> np.ndarray:
    """From 0 at a 5th percentile of luma of 0.5 to 1 at 1: nearly all of the picture must be
    bright."""
    return ramp(table["dark_percentile"], 0.5, 1.0)
