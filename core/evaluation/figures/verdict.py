"""The verdict: what a test found, in sentences that anybody can read, made of its numbers.

In: an evaluation and its answers; where known, how many images of each class were trained on, and
what was measured of the test images. Out: a frozen :class:`Verdict` that pages, the command line
and reports show alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pydantic import BaseModel

from core.evaluation.document.parts import Statement, Tone
from core.evaluation.figures.collecting import Weakest, weakest_class, what_to_collect
from core.evaluation.intervals import WIDE, wilson_bounds
from core.evaluation.predictions import Predictions, worth_by
from core.evaluation.records import Evaluation, Interval, worst_confusions
from core.evaluation.trust.coverage import Point
from core.text import images, likely, listed, percent, plural, quoted, rate

# Fewer test images of a class say little about it.
FEW = 10
# Right so often when sure, even at the lower end of what is likely, is good.
SURE = 0.9
_ENOUGH_SURE = 20
_LUCK = 0.05
# Where nearly all images stand alone, those that do not need no word.
_MOST_ALONE = 0.97


class Verdict(BaseModel, frozen=True, extra="forbid"):
    """All there is to say about a test: ``statements``, in the order to read them.

    Attributes:
        better_than_baseline: beyond chance; none where there is no telling.
    """

    statements: list[Statement]
    better_than_baseline: bool | None = None

    def get(self, key: str) -> Statement | None:
        """The statement with this key, if it was made."""
        return next((each for each in self.statements if each.key == key), None)

    @property
    def cautions(self) -> list[Statement]:
        """What keeps the figures from being relied on."""
        keys = ("groups", "elsewhere", "without_images", "few_images", "wide", "left_out")
        return [each for each in self.statements if each.key in keys]


def verdict(
    evaluation: Evaluation,
    predictions: Predictions,
    when_sure: Point,
    *,
    trained: Mapping[str, int] | None = None,
    traits: pd.DataFrame | None = None,
    not_new: str = "",
) -> Verdict:
    """Say what a test found.

    Args:
        predictions: of the images that the evaluation is about.
        when_sure: how often it is sure on these, and right then.
        trained: images in training by class, for how many more to collect.
        traits: of each image of ``predictions`` in its order, float, columns as in
            :data:`core.evaluation.figures.collecting.TRAITS`; NaN where not known.
        not_new: why its own test images can't all be said to be new to it, in a sentence.
    """
    if not evaluation.images:
        text = "There are no test images, so nothing can be said about how good this model is."
        return Verdict(statements=[Statement(key="headline", text=text, tone="bad")])
    against, better = _baseline(evaluation)
    weakest = weakest_class(np.array(evaluation.confusion), predictions.worth)
    advice, brief = what_to_collect(evaluation, predictions, weakest, trained, traits)
    statements = [
        _headline(evaluation, better, not not_new),
        *_groups(evaluation),
        against,
        _weakest(evaluation, predictions, weakest),
        sure_statement(when_sure),
        Statement(key="collect", text=advice, brief=brief),
        *_cautions(evaluation),
    ]
    if not_new and evaluation.on == "test":
        statements.append(Statement(key="elsewhere", text=not_new, tone="caution"))
    return Verdict(statements=statements, better_than_baseline=better)


def _headline(evaluation: Evaluation, better: bool | None, unseen: bool) -> Statement:
    seen = "in the folder"
    if evaluation.on == "test":
        seen = "it had never seen" if unseen else "of the test set"
    count = evaluation.images
    tone: Tone = "good" if better else "neutral" if better is None else "bad"
    # Better than chance is not good: not where a class is missed, nor where a test is too small.
    if better and (evaluation.rarely_found or _width(evaluation.interval) > WIDE):
        tone = "caution"
    return Statement(
        key="headline",
        text=f"Right on {evaluation.correct:,} of {images(evaluation.images)} {seen}: "
        f"{rate(evaluation.accuracy, count)}, {likely(*evaluation.interval.bounds, count)}.",
        tone=tone,
    )


def counted_together(evaluation: Evaluation) -> str:
    """That images belong together, so that they tell less than their number promises; "" where
    nearly all stand alone."""
    interval, count = evaluation.interval, evaluation.images
    if interval.groups is None or interval.independent is None:
        return ""
    alike = round(interval.independent)
    if alike > _MOST_ALONE * count:
        return ""
    return (
        f"These {images(count)} are {plural(interval.groups, 'group')} of what belongs together "
        "(near-copies, and what was chosen to be kept together): the ranges given here count them "
        f"as about {plural(max(1, alike), 'independent image')}."
    )


def _groups(evaluation: Evaluation) -> list[Statement]:
    text = counted_together(evaluation)
    if not text:
        return []
    few = (evaluation.interval.groups or 0) < FEW
    return [Statement(key="groups", text=text, tone="caution" if few else "neutral")]


def _may_be_luck(evaluation: Evaluation) -> bool:
    """Whether whoever is right as often as always answering the largest class would be right on as
    many of so few with a chance of a twentieth or more: the exact binomial test, where the range's
    lower end promises a little too much (4 of 4 by a coin: 51 %, and one time in sixteen)."""
    from scipy.special import bdtrc

    right = round(evaluation.accuracy * evaluation.images)
    return bool(bdtrc(right - 1, evaluation.images, evaluation.baseline) >= _LUCK)


def _baseline(evaluation: Evaluation) -> tuple[Statement, bool | None]:
    """Beside always answering the largest class, on the same images.

    How many of a class are tested is settled before, so what always answering it gives is no
    chance: the model is better, or worse, where that lies outside the range that is given for it.
    So what is said here agrees with the headline, and with the picture of both.
    """
    label = evaluation.baseline_label
    largest_support = max(row.support for row in evaluation.report)
    alone = sum(row.support == largest_support for row in evaluation.report) == 1
    said = (
        f"Always answering {quoted(label)}{', the largest class here,' if alone else ''} would be "
        f"right on {rate(evaluation.baseline, evaluation.images)}"
    )
    better: bool | None = None
    if sum(row.support > 0 for row in evaluation.report) < 2:
        said += ": with images of one class only, this test can't tell what the model knows."
    elif evaluation.interval.low > evaluation.baseline and _may_be_luck(evaluation):
        said += "; of so few images as many may be right by luck."
    elif evaluation.interval.low > evaluation.baseline:
        said, better = f"{said}; the model is better than that, beyond chance.", True
    elif evaluation.interval.high < evaluation.baseline:
        said += ": the model is worse than that, so it is of no use as it is."
        better = False
    else:
        said, better = f"{said}: by this test, the model may be no better than that.", False
    tone: Tone = "caution" if better is None else "good" if better else "bad"
    return Statement(key="baseline", text=said, tone=tone), better


def _weakest(evaluation: Evaluation, predictions: Predictions, weakest: Weakest) -> Statement:
    if evaluation.correct == evaluation.images:
        return Statement(
            key="weakest", text="No class is weak: every test image was called right.", tone="good"
        )
    confusion = np.array(evaluation.confusion)
    support, right, worst = confusion.sum(axis=1), confusion.diagonal(), weakest.at
    label, missed = evaluation.labels[worst], int(support[worst] - right[worst])
    others = confusion[worst].copy()
    others[worst] = 0
    taken = int(others.argmax())
    most = worst_confusions(evaluation, 1)[0]
    count = int(support[worst])
    of_class = worth_by(predictions, predictions.true)[worst]
    low, high = wilson_bounds(right[[worst]], support[[worst]], worth=of_class)
    text = (
        f"Weakest: {quoted(label)}, right on {right[worst]:,} of {images(count)} "
        f"({rate(float(right[worst] / count), count)}, "
        f"{likely(float(low[0]), float(high[0]), count)})"
    )
    other = quoted(evaluation.labels[taken])
    # Where none was right there are no others.
    the_others = "the others " if right[worst] else ""
    if others[taken] == missed and right[worst]:
        text += f", the other{f' {missed:,}' if missed > 1 else ''} taken for {other}."
    elif others[taken] == missed:
        text += f", {'all ' if missed > 1 else ''}taken for {other}."
    elif others[taken] * 2 > missed:
        text += f", {the_others}mostly taken for {other} ({others[taken]:,} of {missed:,})."
    elif len(first := np.flatnonzero(others == others[taken])) > 1:
        alike = listed([evaluation.labels[at] for at in first])
        more = " and more" if others[taken] * len(first) < missed else ""
        text += f", {the_others}taken for {alike} ({others[taken]:,} of {missed:,} each){more}."
    else:
        text += f", {the_others}taken for {other} ({others[taken]:,} of {missed:,}) and more."
    if not weakest.telling:
        text += " With so few images that may be chance."
    if most.count > others[taken]:
        text += (
            f" Mixed up most often: {quoted(most.true)} taken for {quoted(most.predicted)} "
            f"({most.count:,} of {most.support:,})."
        )
    rare = [row.label for row in evaluation.rarely_found]
    if rare:
        besides = [each for each in rare if each != label]
        also = "also " if label in rare else ""
        text += f" It {also}misses more than half of {listed(besides)}." if besides else ""
    return Statement(
        key="weakest",
        text=text,
        tone="caution" if weakest.telling or rare else "neutral",
        about={"true": label, "predicted": evaluation.labels[taken]},
    )


def sure_statement(point: Point) -> Statement:
    """How often it is right when it is sure, of images that it was tested on."""
    answered, count, right = point.answered, point.answered.images, point.answered.correct
    said = f"at least {percent(point.threshold, 0)} sure"
    covered = rate(point.coverage, point.images)
    too_sure, good = False, False
    if not count:
        text = f"It is never {said} of an answer on these images."
    elif count < _ENOUGH_SURE:
        only = " only" if count < point.images else ""
        text = (
            f"It was {said} of {images(count)}{only} ({covered}), and right on {right:,} of "
            f"{'it' if count == 1 else 'them'}: too few to rely on."
        )
    elif count == right == point.images:
        # The headline has said how many were right of these.
        text = f"It was {said} of each of these {images(count)}, and right on all."
    elif count == point.images:
        it = "the one" if count - right == 1 else f"the {count - right:,}"
        text = (
            f"It was {said} of each of these {images(count)}, also of {it} that it got wrong: "
            "being so sure tells nothing here."
        )
        too_sure = answered.high < point.threshold
    else:
        text = (
            f"When it says it is {said}, as on {covered} of the images, it is right "
            f"{rate(answered.share, count)} of the time ({right:,} of {count:,}), "
            f"{likely(*answered.bounds, count)}."
        )
        too_sure, good = answered.high < point.threshold, answered.low >= SURE
    if too_sure:
        text += " So it is surer than it should be."
    tone: Tone = "caution" if too_sure else "good" if good else "neutral"
    about = {"threshold": f"{point.threshold:g}"}
    return Statement(key="sure", text=text, tone=tone, about=about)


def _cautions(evaluation: Evaluation) -> list[Statement]:
    said = {}
    none = [row.label for row in evaluation.report if row.support == 0]
    few = [row.label for row in evaluation.report if 0 < row.support < FEW]
    left_out = len(evaluation.left_out)
    if none:
        has, it_is = ("has", "it is") if len(none) == 1 else ("have", "they are")
        said["without_images"] = (
            f"{listed(none)} {has} no test images: nothing is known about how well {it_is} "
            "recognised."
        )
    if few:
        which = listed(few)
        if len(few) == len(evaluation.report) > 1:
            which = "Both classes" if len(few) == 2 else f"All {len(few):,} classes"
        has, its = ("has", "its") if len(few) == 1 else ("have", "their")
        said["few_images"] = (
            f"{which} {has} fewer than {FEW} test images, so {its} own figures are rough."
        )
    if _width(evaluation.interval) > WIDE:
        said["wide"] = (
            f"{images(evaluation.images).capitalize()} can't tell a good model from a middling "
            "one. Test it on more."
        )
    if left_out:
        said["left_out"] = (
            f"{images(left_out).capitalize()} could not be tested and "
            f"{'is' if left_out == 1 else 'are'} not in these figures."
        )
    return [Statement(key=key, text=text, tone="caution") for key, text in said.items()]


def _width(interval: Interval) -> float:
    return interval.high - interval.low
