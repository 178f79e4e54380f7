"""What a detector is, and the list of them. Adding one means writing one file here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Score = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Detector:
    """One way in which images can be at fault.

    Attributes:
        key: its name in code, on the command line and in the log of decisions.
        title: its name for people.
        sentence: why it matters, in plain words.
        suggestion: what to do about it.
        harm: how much one such image is likely to hurt the model, 0 to 1; sorts findings.
        threshold: default; images with a score of at least this are flagged.
        adjustable: whether moving the threshold makes sense.
        score: table → float array of shape (rows,) in [0, 1], 1 being the clearest case.
        group: table → object array of shape (rows,); flagged rows of equal value belong together.
    """

    key: str
    title: str
    sentence: str
    suggestion: str
    harm: float
    threshold: float
    adjustable: bool
    score: Score
    group: Callable[[pd.DataFrame], np.ndarray] | None = None


DETECTORS: dict[str, Detector] = {}


def detector(
    *,
    key: str,
    title: str,
    sentence: str,
    suggestion: str,
    harm: float,
    threshold: float = 0.5,
    adjustable: bool = False,
    group: Callable[[pd.DataFrame], np.ndarray] | None = None,
) -> Callable[[Score], Score]:
    """Register a scoring function as a detector; the arguments are :class:`Detector`'s."""

    def register(score: Score) -> Score:
        DETECTORS[key] = Detector(
            key, title, sentence, suggestion, harm, threshold, adjustable, score, group
        )
        return score

    return register


def ramp(values: pd.Series, none: float, full: float) -> np.ndarray:
    """Map a measurement linearly to a score: ``none`` gives 0, ``full`` 1, missing values 0."""
    scaled = (values.to_numpy(dtype=np.float64) - none) / (full - none)
    return np.nan_to_num(scaled, nan=0.0).clip(0.0, 1.0)
