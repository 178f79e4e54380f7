"""Grey pictures in a dataset of colour photos."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, ramp
from core.quality.detectors.shows_little import shows_little

_MOSTLY = 0.9


@detector(
    key="grayscale_among_colour",
    title="Black and white among colour",
    sentence="Nearly all other images are in colour, so these may be of another source, and "
    "the model can't use what it learns from colours on them.",
    suggestion="Look at whether they belong here. If most are of one class, exclude them: the "
    "model would learn that grey means that class.",
    harm=0.2,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """From 0 at a mean difference between an image's channels of 0.02 to 1 at none; 0 for all
    where fewer than 90 % are in colour. Images that are flagged as blank, dark or bright don't
    count: they have no colour either way."""
    counted = (table["status"] == "ok").to_numpy() & ~shows_little(table)
    grey = np.where(counted, ramp(table["colourfulness"], 0.02, 0.0), 0.0)
    in_colour = counted & (grey == 0)
    if in_colour.sum() < _MOSTLY * counted.sum():
        return np.zeros(len(table))
    return grey
