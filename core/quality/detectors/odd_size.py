"""Images that are far larger or smaller than the others."""

import numpy as np
import pandas as pd

from core.quality.detectors.oddness import oddness
from core.quality.detectors.registry import detector


@detector(
    key="odd_size",
    title="Images of an odd size",
    sentence="These are far larger or smaller than the others, so they may have come from "
    "somewhere else, or be thumbnails with little detail.",
    suggestion="Look at whether they belong here. The size itself does no harm if they do.",
    harm=0.1,
    adjustable=True,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """From the distance of log area from the dataset's median; see
    :func:`core.quality.detectors.oddness.oddness`. Among images of one size, 0 up to twice or
    half of the usual number of pixels, 0.5 at 8 times or an eighth, 1 at 32 times."""
    area = table["width"].astype("float64") * table["height"]
    return oddness(np.log(area.where(area > 0)).to_numpy(dtype=np.float64), np.log(2))
