"""Copies and near-duplicates in different classes."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="label_conflict",
    title="Same picture in different classes",
    plain="is in two classes|are in two classes",
    sentence="The same picture is filed under more than one class, so the model is taught that "
    "both are right.",
    suggestion="Decide which class is right, and exclude the others.",
    harm=0.95,
    group=lambda table, *_: table["copy_group"].to_numpy(),
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 for every readable image of which a copy lies in another class."""
    classes = table.groupby("copy_group")["label"].transform("nunique")
    return (classes > 1) & (table["status"] == "ok")
