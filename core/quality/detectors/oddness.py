"""How far values lie from what is usual in a dataset, for detectors of odd ones out."""

import numpy as np
from numpy.typing import NDArray

# Of fewer values none can be called usual.
_ENOUGH = 10
# Distances from the median, in reaches, at which the score begins and is full.
_NONE, _FULL = 1.0, 5.0


def oddness(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """A score for the distance of each value from the median, in units of the dataset's reach.

    The reach is half of the width that the middle 90 % of values take, so a tail that thins out
    evenly, or a second group of 5 % or more, is no oddity. The median absolute deviation, the
    usual measure, would be nought as soon as half of the values are equal, as sizes often are.
    In a normal distribution a score of 0.5 is 4.9 standard deviations away.

    Args:
        values: float64 of shape (n,); nan for what has none, which is left out and scores 0.
        least: the smallest reach, so that values that are all but equal are not odd.

    Returns:
        float64 of shape (n,) in [0, 1]: 0 up to one reach, 0.5 at three, 1 from five on; 0
        for all if fewer than 10 are known.
    """
    known = values[np.isfinite(values)]
    if len(known) < _ENOUGH:
        return np.zeros(len(values))
    # Values that are there, not ones between them: of few values one odd one must not count.
    low = np.quantile(known, 0.05, method="higher")
    high = np.quantile(known, 0.95, method="lower")
    reach = max((high - low) / 2, least)
    away = np.abs(values - np.median(known)) / reach
    return np.nan_to_num((away - _NONE) / (_FULL - _NONE), nan=0.0).clip(0.0, 1.0)
