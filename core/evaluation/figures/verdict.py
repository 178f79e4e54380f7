"""The verdict: what a test found, in sentences that anybody can read, made of its numbers.

In: an evaluation and its answers; where known, how many images of each class were trained on, and
what was measured of the test images. Out: a frozen :class:`Verdict` that pages, the command line
and reports show alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from core.evaluation.document.parts import Statement
from core.evaluation.figures.collecting import what_to_collect
from core.evaluation.intervals import LEVEL, wilson, wilson_bounds
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation, Interval
from core.text import images, listed, percent, quoted

# Fewer test images of a class say little about it.
FEW = 10
# A wider interval (0 to 1) can't tell a good model from a middling one.
WIDE = 0.2
SURE = 0.9
_ENOUGH_SURE = 20


class Verdict(BaseModel):
    """All there is to say about a test: ``statements``, in the order to read them.

    Attributes:
        better_than_baseline: beyond chance; none where there is no telling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statements: list[Statement]
    better_than_baseline: bool | None = None

    def get(self, key: str) -> Statement | None:
        """The statement with this key, if it was made."""
        return next((each for each in self.statements if each.key == key), None)

    @property
    def cautions(self) -> list[Statement]:
        """What keeps the figures from being relied on."""
        keys = ("elsewhere", "without_images", "few_images", "wide", "left_out")
        return [each for each in self.statements if each.key in keys]


_ELSEWHERE = (
    "It was trained elsewhere: whether it was trained on some of these very images, nobody here "
    "can know."
)


def verdict(
    evaluation: Evaluation,
    predictions: Predictions,
    *,
    trained: Mapping[str, int] | None = None,
    traits: pd.DataFrame | None = None,
    unseen: bool = True,
) -> Verdict:
    """Say what a test found.

    Args:
        predictions: of the images that the evaluation is about.
        trained: images in training by class, for how many more to collect.
        traits: of each image of ``predictions`` in its order, float, columns as in
            :data:`core.evaluation.figures.collecting.TRAITS`; NaN where not known.
        unseen: whether its own test images are known to be none that it was trained on.
    """
    if not evaluation.images:
        text = "There are no test images, so nothing can be said about how good this model is."
        return Verdict(statements=[Statement(key="headline", text=text, tone="bad")])
    against, better = _baseline(evaluation, predictions)
    statements = [
        _headline(evaluation, better, unseen),
        against,
        _weakest(evaluation),
        _sure(predictions),
        Statement(key="collect", text=what_to_collect(evaluation, predictions, trained, traits)),
        *_cautions(evaluation),
    ]
    if not unseen and evaluation.on == "test":
        statements.append(Statement(key="elsewhere", text=_ELSEWHERE, tone="caution"))
    return Verdict(statements=statements, better_than_baseline=better)


def _headline(evaluation: Evaluation, better: bool | None, unseen: bool) -> Statement:
    seen = "in the folder"
    if evaluation.on == "test":
        seen = "it had never seen" if unseen else "of the test set"
    digits = 1 if evaluation.images >= 1000 else 0
    low, high = (
        percent(bound, digits) for bound in (evaluation.interval.low, evaluation.interval.high)
    )
    return Statement(
        key="headline",
        text=f"Right on {evaluation.correct:,} of {images(evaluation.images)} {seen}: "
        f"{percent(evaluation.accuracy, digits)}, likely between {low} and {high}.",
        tone="good" if better else "neutral" if better is None else "bad",
    )


def _baseline(evaluation: Evaluation, predictions: Predictions) -> tuple[Statement, bool | None]:
    """Beside always answering the largest class, on the same images.

    Only images on which one of the two is right tell them apart: McNemar's test (1947), exact, at
    5 %, through ``scipy.stats``.
    """
    from scipy.stats import binomtest

    label = evaluation.baseline_label
    largest_support = max(row.support for row in evaluation.report)
    alone = sum(row.support == largest_support for row in evaluation.report) == 1
    said = (
        f"Always answering {quoted(label)}{', the largest class here,' if alone else ''} would be "
        f"right on {percent(evaluation.baseline, 0)}"
    )
    if sum(row.support > 0 for row in evaluation.report) < 2:
        text = f"{said}: with images of one class only, this test can't tell what the model knows."
        return Statement(key="baseline", text=text, tone="caution"), None
    largest = predictions.true == evaluation.labels.index(label)
    gained = int((predictions.correct & ~largest).sum())
    lost = int((~predictions.correct & largest).sum())
    apart = gained + lost > 0 and binomtest(gained, gained + lost).pvalue < 1 - LEVEL
    if apart and gained > lost:
        text = f"{said}; the model is better than that, beyond chance."
        return Statement(key="baseline", text=text, tone="good"), True
    if apart:
        text = f"{said}: the model is worse than that, so it is of no use as it is."
        return Statement(key="baseline", text=text, tone="bad"), False
    text = f"{said}: by this test, the model may be no better than that."
    return Statement(key="baseline", text=text, tone="bad"), False


def _weakest(evaluation: Evaluation) -> Statement:
    """The class of which the fewest are found, as surely as can be told: the lowest upper bound."""
    if evaluation.correct == evaluation.images:
        return Statement(
            key="weakest", text="No class is weak: every test image was called right.", tone="good"
        )
    confusion = np.array(evaluation.confusion)
    support, right = confusion.sum(axis=1), confusion.diagonal()
    tested = np.flatnonzero(support > 0)
    _, highs = wilson_bounds(right, support)
    worst = int(tested[np.lexsort((right[tested] / support[tested], highs[tested]))[0]])
    label, missed = evaluation.labels[worst], int(support[worst] - right[worst])
    others = confusion[worst].copy()
    others[worst] = 0
    taken = int(others.argmax())
    text = (
        f"Weakest: {quoted(label)}, right on {right[worst]:,} of {images(int(support[worst]))} "
        f"({percent(float(right[worst] / support[worst]), 0)})"
    )
    other = quoted(evaluation.labels[taken])
    if others[taken] == missed:
        text += f", the other{f' {missed:,}' if missed > 1 else ''} taken for {other}."
    elif others[taken] * 2 >= missed:
        text += f", the others mostly taken for {other} ({others[taken]:,} of {missed:,})."
    else:
        text += f", the others taken for {other} ({others[taken]:,} of {missed:,}) and more."
    telling = _worse_than_others(right, support, worst)
    if not telling:
        text += " With so few images that may be chance."
    return Statement(
        key="weakest",
        text=text,
        tone="caution" if telling else "neutral",
        about={"true": label, "predicted": evaluation.labels[taken]},
    )


def _worse_than_others(right: np.ndarray, support: np.ndarray, worst: int) -> bool:
    """Whether a class is found less often than the others beyond chance.

    Fisher's exact test at 5 %, through ``scipy.stats``. The worst of many classes is bad by chance
    easily, so the 5 % are shared among all that were tested (Bonferroni).
    """
    from scipy.stats import fisher_exact

    missed = support - right
    table = [
        [missed[worst], right[worst]],
        [missed.sum() - missed[worst], right.sum() - right[worst]],
    ]
    chance = fisher_exact(table, alternative="greater").pvalue
    return bool(chance < (1 - LEVEL) / int((support > 0).sum()))


def _sure(predictions: Predictions) -> Statement:
    """How often it is right when it says that it is sure."""
    sure = predictions.confidence >= SURE
    count, right = int(sure.sum()), int(predictions.correct[sure].sum())
    says = f"at least {percent(SURE, 0)} sure"
    if not count:
        return Statement(
            key="sure", text=f"It is never {says} of an answer on these images.", tone="neutral"
        )
    covered = percent(count / len(predictions), 0)
    if count < _ENOUGH_SURE:
        return Statement(
            key="sure",
            text=f"It was {says} of {images(count)} only ({covered}), and right on {right:,} of "
            "them: too few to rely on.",
            tone="neutral",
        )
    interval = wilson(right, count)
    text = (
        f"When it says it is {says}, it is right {percent(right / count, 0)} of the time "
        f"({right:,} of {count:,}), and it is so for {covered} of the images."
    )
    if interval.high < SURE:
        return Statement(
            key="sure", text=f"{text} So it is surer than it should be.", tone="caution"
        )
    return Statement(key="sure", text=text, tone="good" if interval.low >= SURE else "neutral")


def _cautions(evaluation: Evaluation) -> list[Statement]:
    found = []
    none = [row.label for row in evaluation.report if row.support == 0]
    few = [row.label for row in evaluation.report if 0 < row.support < FEW]
    if none:
        is_or_are = "has" if len(none) == 1 else "have"
        text = f"{listed(none)} {is_or_are} no test images: nothing is known about how well "
        text += f"{'it is' if len(none) == 1 else 'they are'} recognised."
        found.append(Statement(key="without_images", text=text, tone="caution"))
    if few:
        text = (
            f"{listed(few)} {'has' if len(few) == 1 else 'have'} fewer than {FEW} test images, so "
            f"{'its own figures are' if len(few) == 1 else 'their own figures are'} rough."
        )
        found.append(Statement(key="few_images", text=text, tone="caution"))
    if _width(evaluation.interval) > WIDE:
        text = (
            f"{images(evaluation.images).capitalize()} can't tell a good model from a middling "
            "one. Test it on more."
        )
        found.append(Statement(key="wide", text=text, tone="caution"))
    if evaluation.left_out:
        count = len(evaluation.left_out)
        text = (
            f"{images(count).capitalize()} could not be tested and {'is' if count == 1 else 'are'}"
        )
        found.append(
            Statement(key="left_out", text=f"{text} not in these figures.", tone="caution")
        )
    return found


def _width(interval: Interval) -> float:
    return interval.high - interval.low
