"""Images out of focus or shaken."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, ramp


@detector(
    key="blurry",
    title="Blurry images",
    sentence="Fine detail is missing in these, which can hide what tells the classes apart.",
    suggestion="Look at them, and exclude those in which you can't tell the class either.",
    harm=0.25,
    adjustable=True,
    threshold=0.6,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """From 0 at half of the dataset's median sharpness to 1 at none. Relative, since drawings,
    X-rays and photos differ more from each other than sharp photos do from blurred ones."""
    usual = table.loc[table["status"] == "ok", "sharpness"].median()
    if not usual > 0:
        return np.zeros(len(table))
    return ramp(table["sharpness"], 0.5 * usual, 0.0)
