"""What an evaluation found: one frozen value, kept as JSON beside its run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Frozen):
    """A confidence interval of a proportion: ``low`` to ``high``, at ``level``, by ``method``."""

    low: float
    high: float
    level: float = 0.95
    method: str = "Wilson"


class ClassReport(_Frozen):
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


class Evaluation(_Frozen):
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


class Confusion(_Frozen):
    """``count`` images of ``true`` were called ``predicted``, out of ``support`` of that class."""

    true: str
    predicted: str
    count: int
    support: int


def worst_confusions(evaluation: Evaluation, limit: int = 5) -> list[Confusion]:
    """The pairs of classes that are mixed up most often, by count, then by share."""
    pairs = [
        Confusion(true=true, predicted=predicted, count=count, support=sum(row))
        for true, row in zip(evaluation.labels, evaluation.confusion, strict=True)
        for predicted, count in zip(evaluation.labels, row, strict=True)
        if count and true != predicted
    ]
    pairs.sort(key=lambda pair: (-pair.count, -pair.count / pair.support, pair.true))
    return pairs[:limit]
