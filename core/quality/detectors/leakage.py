"""Copies and near-duplicates across the train, validation and test folders that a dataset came
with."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="leakage",
    title="Test pictures that are also trained on",
    plain="is trained on and tested with|are trained on and tested with",
    sentence="The same picture lies in more than one of the train, validation and test "
    "folders, so the test would flatter the model.",
    suggestion="Exclude the copies in the training folder.",
    harm=0.9,
    group=lambda table, *_: table["copy_group"].to_numpy(),
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 for every readable image of which a copy lies in another split's folder."""
    splits = table.groupby("copy_group")["split"].transform("nunique")
    return (splits > 1) & (table["status"] == "ok")
