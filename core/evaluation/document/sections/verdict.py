"""The verdict, statement by statement."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.comparison.learned import Learned
from core.evaluation.document import parts
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.intervals import wilson
from core.text import likely, plural, quoted, rate, shorten

# Classes with fewer training images than this leave few for a test.
_SMALL = 50


@section("verdict", "", OFF_CARD, group="overview", untested=True)
def verdict(result: Result) -> Iterable[parts.Part]:
    said, evaluation = result.figures.verdict, result.evaluation
    first, *others = said.statements
    yield parts.Headline("headline", first)
    if evaluation.images:
        yield _scale(result)
    cautions = said.cautions
    before = () if result.learned is None else (_beside_before(result.learned),)
    yield parts.Statements("said", (*before, *(each for each in others if each not in cautions)))
    if cautions:
        yield parts.Heading("before", "Before relying on it")
        yield parts.Statements("cautions", tuple(cautions))
    if evaluation.images:
        how = "“Likely” means a 95 % interval by Wilson’s method."
        if result.torn:
            many = plural(result.torn, "of them belongs", "of them belong")
            how += (
                f" None of these test images was trained on, but {many} with images that were "
                "(near-copies, as in a burst, or what is kept together): that flatters the model."
            )
        elif result.unseen:
            how += " None of these test images, and no copy of one, was trained on."
        yield parts.Note("likely", how)
    out_of_fold = _out_of_fold(result)
    if out_of_fold:
        yield parts.Note("out_of_fold", out_of_fold)


def _beside_before(found: Learned) -> parts.Statement:
    """Whether it got better by learning again."""
    paired = found.paired
    tone: parts.Tone = "neutral"
    if paired.images and paired.beyond_chance:
        tone = "good" if paired.net > 0 else "caution"
    shares = ""
    if paired.images:
        first, second = (rate(share, paired.images) for share in (paired.first, paired.second))
        shares = f"{first} before, {second} now. "
    text = f"Beside {quoted(shorten(found.before.name))}: {shares}{found.sentence}"
    return parts.Statement(key="before", text=text, tone=tone)


def _out_of_fold(result: Result) -> str:
    """How often Auto was right about the images that it learned from, before it had, where classes
    are small; there are more of these than of test images."""
    summary = result.run.summary
    judged, accuracy = summary.judged, summary.validation_accuracy
    smallest = min(result.trained.values(), default=_SMALL)
    few = result.unseen and smallest < _SMALL and judged > result.evaluation.images
    if accuracy is None or not few:
        return ""
    interval = wilson(round(accuracy * judged), judged)
    return (
        f"Some classes have few images, so here is a second measure: {judged:,} images that it "
        "learned from were each answered by a model that had not seen them, and "
        f"{rate(accuracy, judged)} of these answers are right "
        f"({likely(*interval.bounds, judged)}). The best of several ways was chosen by them, so "
        "the truth may lie a little lower."
    )


def _scale(result: Result) -> parts.Scale:
    """Accuracy with its interval, beside always answering the largest class."""
    evaluation = result.evaluation
    bounds, base, count = evaluation.interval.bounds, evaluation.baseline, evaluation.images
    always = f"always {quoted(shorten(evaluation.baseline_label, 20))}"
    return parts.Scale(
        "scale",
        f"On a scale from 0 to 100 %: accuracy {rate(evaluation.accuracy, count)}, "
        f"{likely(*bounds, count)}; {always} gives {rate(base, count)}.",
        evaluation.accuracy,
        *bounds,
        base,
        always,
    )
