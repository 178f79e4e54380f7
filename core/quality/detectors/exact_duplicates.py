"""Byte-identical copies within a class and a split."""

import numpy as np
import pandas as pd

from core.quality.detectors.registry import detector, filed_alike


@detector(
    key="exact_duplicates",
    title="Exact duplicates",
    plain="is there more than once|are there more than once",
    sentence="The same picture is there more than once. Copies make some pictures count more "
    "than others.",
    suggestion="Keep one of each group.",
    harm=0.4,
    group=lambda table, *_: filed_alike(table, table["hash"].to_numpy(dtype=object)),
)
def score(table: pd.DataFrame) -> np.ndarray:
    """1 for every readable image that has a copy with the same bytes, class and split."""
    # Equal bytes are in one group: among millions that are in none nothing else need be compared.
    group = table["copy_group"].to_numpy()
    maybe = np.flatnonzero(np.bincount(group)[group] > 1)
    some = table.iloc[maybe]
    again = some.duplicated(["hash", "label", "split"], keep=False) & (some["status"] == "ok")
    scores = np.zeros(len(table))
    scores[maybe] = again
    return scores
