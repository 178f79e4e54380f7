"""The verdict, statement by statement."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Heading, Headline, Note, Part, Scale, Statements
from core.evaluation.document.result import Result
from core.evaluation.document.section import section
from core.text import quoted, rate, shorten


@section("verdict", "", places=("page", "report", "terminal"), group="overview")
def verdict(result: Result) -> Iterable[Part]:
    said, evaluation = result.figures.verdict, result.evaluation
    first, *others = said.statements
    yield Headline("headline", first)
    if evaluation.images:
        yield _scale(result)
    cautions = said.cautions
    yield Statements("said", tuple(each for each in others if each not in cautions))
    if cautions:
        yield Heading("before", "Before relying on it")
        yield Statements("cautions", tuple(cautions))
    if evaluation.images:
        likely = "“Likely” means a 95 % interval by Wilson’s method."
        if result.unseen:
            likely += " None of these test images, and no copy of one, was trained on."
        yield Note("likely", likely)


def _scale(result: Result) -> Scale:
    """Accuracy with its interval, beside always answering the largest class."""
    evaluation = result.evaluation
    low, high, base = evaluation.interval.low, evaluation.interval.high, evaluation.baseline
    count = evaluation.images
    always = f"always {quoted(shorten(evaluation.baseline_label, 20))}"
    return Scale(
        "scale",
        f"On a scale from 0 to 100 %: accuracy {rate(evaluation.accuracy, count)}, likely between "
        f"{rate(low, count)} and {rate(high, count)}; {always} gives {rate(base, count)}.",
        evaluation.accuracy,
        low,
        high,
        base,
        always,
    )
