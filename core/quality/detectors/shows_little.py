"""Which images are flagged already as ones in which there is little to see.

A blank picture has neither contrast nor colour. Saying so once is enough, so detectors of slighter
faults leave these out.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.quality.detectors import exposure, low_information  # noqa: F401  (for their registration)
from core.quality.detectors.registry import DETECTORS


def shows_little(table: pd.DataFrame) -> NDArray[np.bool_]:
    """True for images that are blank, dark or bright at the default thresholds; shape (rows,)."""
    told = np.zeros(len(table), dtype=bool)
    for key in ("low_information", "dark", "bright"):
        told |= DETECTORS[key].score(table) >= DETECTORS[key].threshold
    return told
