"""Runs side by side: what they have in common, and whether one is really better than another.

Everything is about the images that both were tested on; none of those was trained on by either.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord
from core.errors import InvalidInput
from core.evaluation.comparison.flips import Matched, match
from core.evaluation.comparison.paired import Paired, in_words
from core.evaluation.figures.catalogue import METRICS
from core.evaluation.figures.metric import Counts, Metric
from core.evaluation.intervals import LEVEL, RESAMPLES
from core.evaluation.predictions import load_predictions

_SEED = 20


@dataclass(frozen=True)
class Measured:
    """One metric of two runs on the same images.

    Attributes:
        name, meaning: for people; the meaning is a sentence.
        first, second: its values; ``nan`` without images.
        low, high: 95 % interval of second minus first.
        method: how the interval was found.
        share: whether values are shares from 0 to 1.
        lower_is_better: as of losses.
    """

    name: str
    meaning: str
    first: float
    second: float
    low: float
    high: float
    method: str
    share: bool = True
    lower_is_better: bool = False

    @property
    def difference(self) -> float:
        return self.second - self.first

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Two runs on the images that both were tested on.

    Attributes:
        on: ``test`` for their own test sets, else the folder that both were tested on.
        matched: those images, row by row.
        paired: who is right more often, with McNemar's test.
        metrics: side by side; accuracy first.
        cautions: sentences about what makes the two hard to compare.
    """

    first: RunRecord
    second: RunRecord
    on: str
    matched: Matched
    paired: Paired
    metrics: list[Measured]
    cautions: list[str]

    @property
    def sentence(self) -> str:
        """Who is ahead, by how much, and whether that is chance."""
        return in_words(self.paired, self.first.name, self.second.name)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        found, matched = self.paired, self.matched
        columns = ["path", "hash", "label", "label_first", "predicted_first", "predicted_second"]
        return {
            "first": self.first.name,
            "second": self.second.name,
            "on": self.on,
            "images": {"first": matched.first, "second": matched.second, "common": len(matched)},
            "sentence": self.sentence,
            "cautions": self.cautions,
            "paired": {
                **asdict(found),
                "interval_method": "Newcombe 10",
                "test": "McNemar, exact",
                "beyond_chance": found.beyond_chance,
            },
            "metrics": [
                {
                    **{k: v if v == v else None for k, v in asdict(each).items()},
                    "difference": each.difference if each.difference == each.difference else None,
                }
                for each in self.metrics
            ],
            "better": matched.better[columns].to_dict("records"),
            "worse": matched.worse[columns].to_dict("records"),
            "relabelled": int(matched.table["relabelled"].sum()),
        }


def compare(catalog: Catalog, first: RunRecord, second: RunRecord, on: str = "test") -> Comparison:
    """Two runs, compared on the images that both were tested on.

    Where the dataset was corrected between them, both are judged by the labels of its later
    version.

    Args:
        on: ``test`` for their own test sets, else a folder that both were tested on.

    Raises:
        NotFound: one of them was not tested on that.
        InvalidInput: they have no class in common.
    """
    workspace = catalog.workspace
    one, two = load_predictions(workspace, first.id, on), load_predictions(workspace, second.id, on)
    if not set(one.labels) & set(two.labels):
        raise InvalidInput(
            f"“{first.name}” and “{second.name}” know different classes, so there is nothing to "
            "compare."
        )
    matched = match(one, two, judge_by_second=_later(second, first))
    found = matched.paired(min(one.worth, two.worth))
    measured, cautions = metrics(matched.table, found), _cautions(first, second, matched, on)
    return Comparison(first, second, on, matched, found, measured, cautions)


def _later(one: RunRecord, other: RunRecord) -> bool:
    """Whether the labels of ``one`` are at least as new as those of ``other``."""
    if one.dataset_id == other.dataset_id:
        return one.dataset_version >= other.dataset_version
    return one.created_at >= other.created_at


def _cautions(first: RunRecord, second: RunRecord, matched: Matched, on: str) -> list[str]:
    said = []
    if on == "test":
        if first.dataset_id != second.dataset_id:
            said.append("They were trained on different datasets.")
        elif first.dataset_version != second.dataset_version:
            said.append(
                f"The dataset was changed between them (version {first.dataset_version} and "
                f"{second.dataset_version})."
            )
        if first.spec.get("seed") != second.spec.get("seed"):
            said.append("Their split seeds differ, so other images were held out for the test.")
        elif first.spec.get("shares") != second.spec.get("shares"):
            said.append("Their shares of test images differ.")
    if not len(matched) == matched.first == matched.second:
        said.append(
            f"Their test sets differ: {len(matched):,} images are in both, of {matched.first:,} "
            f"and {matched.second:,}. Only those count here."
        )
    moved = int(matched.table["relabelled"].sum())
    if moved:
        one = moved == 1
        said.append(
            f"The {'label' if one else 'labels'} of {moved:,} "
            f"{'image was' if one else 'images were'} corrected in between; both runs are judged "
            f"by the later {'one' if one else 'ones'}."
        )
    return said


def metrics(table: pd.DataFrame, found: Paired) -> list[Measured]:
    """The most telling metrics of both on the same images, with the interval of their difference.

    Args:
        table: as :attr:`Matched.table`.
        found: of the same rows.
    """
    shares = (found.first, found.second) if found.images else (np.nan, np.nan)
    bounds = (found.low, found.high)
    accuracy = _measured(METRICS["accuracy"], shares, bounds, "Newcombe’s method 10")
    if not len(table):
        return [accuracy]
    return [accuracy, *_resampled(table), _log_loss(table)]


def _measured(
    metric: Metric, values: tuple[float, float], bounds: tuple[float, float], method: str
) -> Measured:
    return Measured(
        metric.title,
        metric.meaning,
        first=float(values[0]),
        second=float(values[1]),
        low=float(bounds[0]),
        high=float(bounds[1]),
        method=method,
        share=metric.form == "share",
        lower_is_better=metric.better == "lower",
    )


def _log_loss(table: pd.DataFrame) -> Measured:
    """Mean difference of losses with a normal interval, as of any mean of pairs."""
    from scipy.special import ndtri

    first, second = table["loss_first"].to_numpy(), table["loss_second"].to_numpy()
    differences = second - first
    spread = differences.std(ddof=1) / np.sqrt(len(table)) if len(table) > 1 else np.inf
    half = float(ndtri(0.5 + LEVEL / 2) * spread)
    middle = float(differences.mean())
    values, bounds = (first.mean(), second.mean()), (middle - half, middle + half)
    return _measured(METRICS["log_loss"], values, bounds, "normal, of paired differences")


def _resampled(table: pd.DataFrame) -> list[Measured]:
    """What follows from confusions, with paired bootstrap intervals (percentiles).

    An image counts by its true class and both answers only, so images that agree in these are
    resampled together: a multinomial draw over kinds, the same as drawing images one by one
    (B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
    """
    kinds = (
        table.groupby(["label", "predicted_first", "predicted_second"], sort=True)
        .size()
        .reset_index(name="images")
    )
    names = pd.unique(kinds[["label", "predicted_first", "predicted_second"]].to_numpy().ravel())
    number = {name: position for position, name in enumerate(names)}
    true, *answers = (
        kinds[column].map(number).to_numpy(np.int64)
        for column in ("label", "predicted_first", "predicted_second")
    )
    counts = kinds["images"].to_numpy()
    total = int(counts.sum())
    draws = np.random.default_rng(_SEED).multinomial(total, counts / total, size=RESAMPLES)
    weights = np.concatenate([counts[None], draws]).astype(np.float64)
    tested = _sums(weights, true, len(names))
    both = []
    for answer in answers:
        hit = np.where(true == answer, true, len(names))
        right = _sums(weights, hit, len(names) + 1)[:, :-1]
        both.append(Counts(right, tested, _sums(weights, answer, len(names))))
    measured = []
    for metric in METRICS.values():
        if metric.of == "counts" and metric.headline:
            first, second = (metric.compute(counts) for counts in both)
            low, high = np.quantile(second[1:] - first[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            method = f"paired bootstrap, {RESAMPLES:,} draws"
            measured.append(_measured(metric, (first[0], second[0]), (low, high), method))
    return measured


def _sums(weights: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """Weights (draws, kinds) added up by class: (draws, count)."""
    belongs = np.zeros((len(classes), count))
    belongs[np.arange(len(classes)), classes] = 1
    return weights @ belongs
