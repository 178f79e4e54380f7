"""Images that look like another class than the one they are filed under: a few of a class, whose
labels are probably wrong; and where it is much of a class, that class, which is hard to tell."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector

# More of a class than this is seldom filed wrongly: it is the class that is hard to tell.
_MUCH = 0.25
# As many as that may be wrong labels in the smallest class.
_FEW = 2


@detector(
    key="mislabelled",
    title="Perhaps in the wrong class",
    plain="may be in the wrong class|may be in the wrong class",
    sentence="These look much more like another class. Wrong labels teach the model mistakes, "
    "and make the test unfair.",
    suggestion="Look at each: move it to the right class, or say that it is fine.",
    harm=0.9,
    adjustable=True,
)
def mislabelled(table: pd.DataFrame) -> np.ndarray:
    """How doubtful the label is; see :class:`core.quality.suspects.label_issues.Doubts`."""
    return np.where(_of_hard_classes(table), 0.0, _doubt(table))


@detector(
    key="hard_class",
    title="Hard to tell from other classes",
    plain="is of a class that is hard to tell|are of classes that are hard to tell",
    sentence="More than a quarter of the class looks more like another one. So many are seldom "
    "wrong labels: the class is hard to tell, or has few images.",
    suggestion="Look through them, the clearest first. To move or leave out all of them would "
    "make the class smaller, and harder still.",
    harm=0.35,
)
def hard_class(table: pd.DataFrame) -> np.ndarray:
    """The same doubt, where too much of the class is doubted to call the labels wrong."""
    return np.where(_of_hard_classes(table), _doubt(table), 0.0)


def _doubt(table: pd.DataFrame) -> np.ndarray:
    return np.nan_to_num(table["label_doubt"].to_numpy(dtype=np.float64))


def _of_hard_classes(table: pd.DataFrame) -> np.ndarray:
    """Which rows are of a class of whose judged images more than a quarter are doubted; bool."""
    doubted = (table["label_doubt"] >= 0.5).groupby(table["label"]).transform("sum")
    judged = table["label_doubt"].notna().groupby(table["label"]).transform("sum")
    return ((doubted > _FEW) & (doubted > _MUCH * judged)).to_numpy(dtype=bool)
