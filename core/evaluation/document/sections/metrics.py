"""How good it is in figures: the few that most people ask for, and all with what they mean."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Figures, Note, Part, Table
from core.evaluation.document.result import Result
from core.evaluation.document.section import section
from core.evaluation.figures.catalogue import METRICS
from core.evaluation.records import Score

_COLUMNS = (
    Column("figure", "Figure"),
    Column("value", "Value", "line"),
    Column("interval", "95 % interval", "line"),
    Column("by", "By"),
    Column("meaning", "What it means", "prose"),
)


@section("metrics", "How good it is", group="overview", on_card="Metrics", untested=True)
def metrics(result: Result) -> Iterable[Part]:
    scores = result.figures.scores
    if result.evaluation.images:
        yield Figures("headlines", tuple(_headlines(scores)), again=True)
    yield Table(
        "figures", _COLUMNS, tuple(_row(each) for each in scores), "All figures, and what they mean"
    )
    if result.evaluation.images:
        yield Note(
            "intervals",
            "Intervals are at 95 %: Wilson’s for parts of all images. Others come from the "
            "bootstrap: the test images are drawn again and again with repetition, and the "
            "interval holds the middle 95 % of what comes out, corrected for bias (Efron, 1981). "
            "Averages over classes leave out classes without test images.",
        )


def _headlines(scores: list[Score]) -> list[Score]:
    """Of top-k the one that fits the number of classes best."""
    known = [each for each in scores if METRICS[each.key].headline and each.value is not None]
    top = [each for each in known if METRICS[each.key].above]
    return [each for each in known if each not in top[:-1]]


def _row(score: Score) -> tuple[str, ...]:
    meaning = score.meaning + (f" {score.why}" if score.why else "")
    if score.better == "lower":
        meaning += " Less is better."
    return score.title, score.written, score.interval or "–", score.method or "–", meaning
