"""What an evaluation found: one frozen value, kept as JSON beside its run."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel

from core.text import percent

# Who finds fewer of a class misses most of it.
_HALF = 0.5


class Interval(BaseModel, frozen=True, extra="forbid"):
    """A confidence interval of a proportion: ``low`` to ``high``, at ``level``, by ``method``.

    Attributes:
        groups: of images that belong together, where some do.
        independent: how many independent images these are worth, where some belong together.
    """

    low: float
    high: float
    level: float = 0.95
    method: str = "Wilson"
    groups: int | None = None
    independent: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


class Share(BaseModel, frozen=True, extra="forbid"):
    """``correct`` of ``images``, and between what the true share likely lies.

    Attributes:
        share: correct / images; 0 for no images.
        low, high: Wilson's interval at 95 %; 0 to 1 for no images.
    """

    correct: int
    images: int
    share: float
    low: float
    high: float

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


class ClassReport(BaseModel, frozen=True, extra="forbid"):
    """How one class did.

    Attributes:
        precision: of the images called this class, the part that is; 0 if none was.
        recall: of the images of this class, the part that was called so; 0 if there is none.
        f1: harmonic mean of both.
        support: images of this class in the test.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int

    @property
    def found(self) -> str:
        """How many of its images were found: ``5 of 11``."""
        return f"{round(self.recall * self.support):,} of {self.support:,}"


class Evaluation(BaseModel, frozen=True, extra="forbid"):
    """All that derives from predictions on images that training never saw.

    Attributes:
        on: ``test`` for the run's own test set, else the folder that was tested on.
        images: number of images; ``correct`` of them were called right.
        accuracy: correct / images; 0 for no images.
        interval: of the accuracy.
        baseline: accuracy of always answering the class that is largest in the test.
        confusion: counts; rows are true classes, columns answers, both in ``labels``' order.
        report: one entry a class, in ``labels``' order.
        macro, weighted: averages over classes (by support for the latter) of precision, recall, f1.
        left_out: images that could not be used, and classes that the model doesn't know.
    """

    run_id: str
    on: str
    labels: list[str]
    images: int
    correct: int
    accuracy: float
    interval: Interval
    baseline: float
    baseline_label: str
    confusion: list[list[int]]
    report: list[ClassReport]
    macro: ClassReport
    weighted: ClassReport
    left_out: list[tuple[str, str]] = []
    seconds: float = 0.0

    @property
    def rarely_found(self) -> list[ClassReport]:
        """Classes of which less than half of the test images were found, the least found first."""
        rare = [row for row in self.report if row.support and row.recall < _HALF]
        return sorted(rare, key=lambda row: (row.recall, -row.support, row.label))


class Confusion(BaseModel, frozen=True, extra="forbid"):
    """``count`` images of ``true`` were called ``predicted``, out of ``support`` of that class."""

    true: str
    predicted: str
    count: int
    support: int


class Score(BaseModel, frozen=True, extra="forbid"):
    """One figure about all test images.

    Attributes:
        key, title: for programs, and for people.
        value: none where it isn't defined, and ``why`` says why.
        low, high: its 95 % interval; none where there is no telling.
        method: how that was found: ``Wilson`` or ``bootstrap``; or why there is none.
        meaning: what it is, in a sentence for everybody.
        better: whether more or less of it is better.
        form: ``share`` of 1, to be written in per cent, or a ``number``.
    """

    key: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    method: str
    meaning: str
    better: Literal["higher", "lower"] = "higher"
    form: Literal["share", "number"] = "share"
    why: str = ""

    @property
    def written(self) -> str:
        """Its value as text: ``95.1 %``, ``0.913`` or ``–``."""
        return self._text(self.value)

    @property
    def interval(self) -> str:
        """``91.3 % to 97.4 %``, or "" where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self._text(self.low)} to {self._text(self.high)}"

    @property
    def said(self) -> str:
        """``95.1 %, likely between 91.3 % and 97.4 %``."""
        if not self.interval:
            return self.written
        return f"{self.written}, likely between {self._text(self.low)} and {self._text(self.high)}"

    def _text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return percent(value, 1) if self.form == "share" else f"{value:.3f}"


class ClassScore(ClassReport, frozen=True):
    """How one class did, with intervals and areas under its curves.

    Attributes:
        recall_low, recall_high, precision_low, precision_high: Wilson's intervals at 95 %.
        roc_auc, average_precision: against all other classes; none where the test has no image of
            the class, or none of any other.
    """

    precision_low: float
    precision_high: float
    recall_low: float
    recall_high: float
    roc_auc: float | None
    average_precision: float | None


def worst_confusions(evaluation: Evaluation, limit: int | None = 5) -> list[Confusion]:
    """The pairs of classes that are mixed up most often, by count, then by share.

    Args:
        limit: at most so many; all if none.
    """
    counts = np.array(evaluation.confusion, np.int64).reshape(len(evaluation.labels), -1)
    support = counts.sum(axis=1)
    rows, columns = np.nonzero(counts)
    wrong = rows != columns
    pairs = [
        Confusion(
            true=evaluation.labels[row],
            predicted=evaluation.labels[column],
            count=int(counts[row, column]),
            support=int(support[row]),
        )
        for row, column in zip(rows[wrong], columns[wrong], strict=True)
    ]
    pairs.sort(key=lambda pair: (-pair.count, -pair.count / pair.support, pair.true))
    return pairs[:limit]
