"""What a detector is, and the list of them. Adding one means writing one file here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.quality.alike import Alike

Score = Callable[[pd.DataFrame], np.ndarray | pd.Series]
Group = Callable[[pd.DataFrame, float, Alike], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which images can be at fault, in words.

    Attributes:
        key: its name in code, on the command line and in the log of decisions.
        title: its name for people.
        sentence: why it matters, in plain words.
        suggestion: what to do about it.
        harm: how much one such image is likely to hurt the model, 0 to 1; sorts findings.
        threshold: images with a score of at least this are flagged.
        adjustable: whether moving the threshold makes sense.
        plain: what follows “1 photo”, and “8 photos”, in a line for everybody; ``is …|are …``.
    """

    key: str
    title: str
    sentence: str
    suggestion: str
    harm: float
    threshold: float = 0.5
    adjustable: bool = False
    plain: str = ""


@dataclass(frozen=True, kw_only=True)
class About(Fault):
    """What is said of a detector; ``threshold`` is its default.

    Attributes:
        lowest: the least threshold that means anything.
        group: (table, threshold, near-duplicates of the whole table) → array of shape (rows,);
            flagged rows of equal value belong together.
        distinct: a group counts only if its images are not all the same bytes.
        kind: where most images of a dataset are so, it is the kind of picture, and no fault.
    """

    lowest: float = 0.05
    group: Group | None = None
    distinct: bool = False
    kind: bool = False

    def __call__(self, score: Score) -> Score:
        """Register a scoring function as a detector."""

        def scores(table: pd.DataFrame) -> np.ndarray:
            return np.asarray(score(table), np.float64)

        DETECTORS[self.key] = Detector(**vars(self), score=scores)
        return score


@dataclass(frozen=True, kw_only=True)
class Detector(About):
    """A fault, and how images that have it are found.

    Attributes:
        score: table → float64 array of shape (rows,) in [0, 1], 1 being the clearest case; what a
            file declares may be truths, too.
    """

    score: Callable[[pd.DataFrame], np.ndarray]


DETECTORS: dict[str, Detector] = {}


# Declares one, over the function that scores: ``@detector(key="blurry", …)``.
detector = About


def ramp(values: pd.Series, none: float, full: float) -> np.ndarray:
    """Map a measurement linearly to a score: ``none`` gives 0, ``full`` 1, missing values 0."""
    scaled = (values.to_numpy(dtype=np.float64) - none) / (full - none)
    return np.nan_to_num(scaled, nan=0.0).clip(0.0, 1.0)


def filed_alike(table: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Groups divided by class and split folder: what is filed differently is a graver matter, which
    other detectors tell."""
    return pd.Series(zip(groups, table["label"], table["split"], strict=True)).factorize()[0]
