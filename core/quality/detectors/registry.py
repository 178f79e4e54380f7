"""What a detector is, and the list of them. Adding one means writing one file here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.quality.alike import Alike

Score = Callable[[pd.DataFrame], np.ndarray]
Group = Callable[[pd.DataFrame, float, Alike], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class About:
    """What is said of one way in which images can be at fault.

    Attributes:
        key: its name in code, on the command line and in the log of decisions.
        title: its name for people.
        sentence: why it matters, in plain words.
        suggestion: what to do about it.
        harm: how much one such image is likely to hurt the model, 0 to 1; sorts findings.
        threshold: default; images with a score of at least this are flagged.
        adjustable: whether moving the threshold makes sense.
        lowest: the least threshold that means anything.
        group: (table, threshold, near-duplicates of the whole table) → array of shape (rows,);
            flagged rows of equal value belong together.
        distinct: a group counts only if its images are not all the same bytes.
        kind: where most images of a dataset are so, it is the kind of picture, and no fault.
        plain: what follows “1 photo”, and “8 photos”, in a line for everybody; ``is …|are …``.
    """

    key: str
    title: str
    sentence: str
    suggestion: str
    harm: float
    threshold: float = 0.5
    adjustable: bool = False
    lowest: float = 0.05
    group: Group | None = None
    distinct: bool = False
    kind: bool = False
    plain: str = ""

    def __call__(self, score: Score) -> Score:
        """Register a scoring function as a detector."""
        DETECTORS[self.key] = Detector(**vars(self), score=score)
        return score


@dataclass(frozen=True, kw_only=True)
class Detector(About):
    """One way in which images can be at fault, and how they are found.

    Attributes:
        score: table → float array of shape (rows,) in [0, 1], 1 being the clearest case.
    """

    score: Score


DETECTORS: dict[str, Detector] = {}


# Declares one, over the function that scores: ``@detector(key="blurry", …)``.
detector = About


def ramp(values: pd.Series, none: float, full: float) -> np.ndarray:
    """Map a measurement linearly to a score: ``none`` gives 0, ``full`` 1, missing values 0."""
    scaled = (values.to_numpy(dtype=np.float64) - none) / (full - none)
    return np.nan_to_num(scaled, nan=0.0).clip(0.0, 1.0)


def copy_groups(table: pd.DataFrame, threshold: float, alike: Alike) -> np.ndarray:
    """Copies and near-duplicates at the default threshold; for :class:`Detector`'s ``group``."""
    del threshold, alike
    return table["copy_group"].to_numpy()


def filed_alike(table: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Groups divided by class and split folder: what is filed differently is a graver matter, which
    other detectors tell."""
    return pd.Series(zip(groups, table["label"], table["split"], strict=True)).factorize()[0]
