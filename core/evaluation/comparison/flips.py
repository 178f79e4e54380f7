"""The images that two runs were both tested on, row by row: who is right on which.

Images are matched by what is in them (the content hash), so they are found again in another
dataset, under another name, or in another class; only where a hash isn't known, by their path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.comparison.paired import Paired, paired
from core.evaluation.predictions import SMALLEST, Predictions


@dataclass(frozen=True)
class Matched:
    """What two runs answered about the images that both were tested on.

    Attributes:
        table: one row an image: ``path`` and ``path_second`` (as each run knows it), ``hash``,
            ``label`` (that both are judged by), ``relabelled`` (bool: the two runs' labels differ),
            ``label_first``, ``label_second``, ``predicted_first``, ``predicted_second``,
            ``confidence_first``, ``confidence_second``, ``correct_first``, ``correct_second``
            (bool), ``loss_first``, ``loss_second`` (natural logarithms; of the label).
        first, second: number of images each was tested on in all.
    """

    table: pd.DataFrame
    first: int
    second: int

    def __len__(self) -> int:
        return len(self.table)

    def paired(self, worth: float = 1.0) -> Paired:
        """Who is right more often; ``worth`` as :func:`core.evaluation.comparison.paired.paired`
        takes it."""
        first, second = (self.table[f"correct_{which}"].to_numpy() for which in ("first", "second"))
        return paired(first, second, worth)

    @property
    def better(self) -> pd.DataFrame:
        """Rows that the first got wrong and the second right, the second's surest first."""
        return self._surest(~self.table["correct_first"] & self.table["correct_second"])

    @property
    def worse(self) -> pd.DataFrame:
        """Rows that the first got right and the second wrong, the second's surest first."""
        return self._surest(self.table["correct_first"] & ~self.table["correct_second"])

    def _surest(self, which: pd.Series) -> pd.DataFrame:
        rows = self.table[which]
        return rows.sort_values("confidence_second", ascending=False, kind="stable")

    @property
    def relabelled(self) -> pd.DataFrame:
        """Rows whose label is another for each of the two."""
        return self.table[self.table["relabelled"]]


def match(first: Predictions, second: Predictions, *, judge_by_second: bool = True) -> Matched:
    """Lay two runs' answers beside each other.

    Args:
        judge_by_second: where labels differ, the second run's counts for both, as when it was
            trained after cleaning; else the first's.
    """
    at_first, at_second = _pairs(first.table, second.table)
    one, two = first.table.iloc[at_first], second.table.iloc[at_second]
    labels = (two if judge_by_second else one)["label"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "path": one["path"].to_numpy(dtype=object),
            "path_second": two["path"].to_numpy(dtype=object),
            "hash": one["hash"].to_numpy(dtype=object),
            "label": labels,
            "relabelled": one["label"].to_numpy(object) != two["label"].to_numpy(object),
            "label_first": one["label"].to_numpy(dtype=object),
            "label_second": two["label"].to_numpy(dtype=object),
        }
    )
    for name, predictions, at in (("first", first, at_first), ("second", second, at_second)):
        rows = predictions.table.iloc[at]
        table[f"predicted_{name}"] = rows["predicted"].to_numpy(dtype=object)
        table[f"confidence_{name}"] = rows["confidence"].to_numpy(dtype=np.float64)
        table[f"correct_{name}"] = rows["predicted"].to_numpy(dtype=object) == labels
        table[f"loss_{name}"] = _loss(predictions, at, labels)
    return Matched(table, len(first), len(second))


def _pairs(first: pd.DataFrame, second: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions in both of the images that both have, in the order of the first.

    The same file under the same path goes together before equal copies do, and of those the nth
    here with the nth there, so that each image counts once.
    """
    left, right = _keyed(first), _keyed(second)
    found: list[pd.DataFrame] = []
    for keys in (["hash", "path"], ["hash"], ["path"]):
        pairs = _join(_left_over(left, found, 0), _left_over(right, found, 1), keys)
        one, two = left["hash"].to_numpy()[pairs["at_0"]], right["hash"].to_numpy()[pairs["at_1"]]
        known = (one != "") & (two != "")
        # Without a hash on one side or the other, the path is all there is to go by.
        found.append(pairs[known if "hash" in keys else ~known])
    both = pd.concat(found).sort_values("at_0", kind="stable")
    return both["at_0"].to_numpy(np.int64), both["at_1"].to_numpy(np.int64)


def _keyed(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": table["path"].to_numpy(dtype=object),
            "hash": table["hash"].fillna("").to_numpy(dtype=object),
            "at": np.arange(len(table)),
        }
    )


def _left_over(keyed: pd.DataFrame, found: list[pd.DataFrame], side: int) -> pd.DataFrame:
    taken = np.concatenate([each[f"at_{side}"].to_numpy(np.int64) for each in found] or [[]])
    return keyed[~keyed["at"].isin(taken)]


def _join(left: pd.DataFrame, right: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    left = left.assign(nth=left.groupby(keys).cumcount())
    right = right.assign(nth=right.groupby(keys).cumcount())
    both = left.merge(right, on=[*keys, "nth"], suffixes=("_0", "_1"))
    return both[["at_0", "at_1"]].astype(np.int64)


def _loss(predictions: Predictions, at: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the label's probability; a label that the model doesn't know has
    none."""
    number = {label: position for position, label in enumerate(predictions.labels)}
    column = np.array([number.get(label, -1) for label in labels], np.int64)
    given = np.zeros(len(at))
    known = column >= 0
    given[known] = predictions.probabilities[at[known], column[known]]
    return -np.log(np.maximum(given, SMALLEST))
