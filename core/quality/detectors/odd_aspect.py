"""Images of another shape than the others, or so long and narrow that resizing distorts them."""

import numpy as np
import pandas as pd

from core.quality.detectors.oddness import oddness
from core.quality.detectors.registry import detector

_EXTREME = 3.0


@detector(
    key="odd_aspect",
    title="Images of an odd shape",
    sentence="These are much wider or taller than the others, so they look squashed once all "
    "images are brought to one shape.",
    suggestion="Look at whether they are banners, strips or bad crops, and exclude those.",
    harm=0.15,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """The greater of two: the distance of log(width / height) from the dataset's median (see
    :func:`core.quality.detectors.oddness.oddness`; among images of one shape 0.5 is reached at a
    ratio 2.7 times the usual, so upright photos among 3:2 ones are not odd), and how extreme the
    shape is in itself: from 0 for a square over 0.5 at 3:1 or 1:3 to 1 at 9:1 or 1:9."""
    area = table["width"].astype("float64") * table["height"]
    shape = np.log((table["width"] / table["height"]).where(area > 0)).to_numpy(dtype=np.float64)
    extreme = np.nan_to_num(np.abs(shape), nan=0.0) / (2 * np.log(_EXTREME))
    return np.maximum(oddness(shape, np.log(1.4)), extreme.clip(0.0, 1.0))
