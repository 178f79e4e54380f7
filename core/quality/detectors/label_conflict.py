"""Copies and near-duplicates in different classes."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import copy_groups, detector


@detector(
    key="label_conflict",
    title="Same picture in different classes",
    plain="is in two classes|are in two classes",
    sentence="The same picture is filed under more than one class, so the model is taught that "
    "both are right.",
    suggestion="Decide which class is right, and exclude the others.",
    harm=0.95,
    group=copy_groups,
)
def score(table: pd.DataFrame) -> np.ndarray:
    """1 for every readable image of which a copy lies in another class."""
    classes = table.groupby("copy_group")["label"].transform("nunique")
    return ((classes > 1) & (table["status"] == "ok")).to_numpy(dtype=np.float64)
