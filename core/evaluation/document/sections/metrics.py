"""How good it is in figures: the few that most people ask for, and all with what they mean."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Figures, Note, Part, Table, rows
from core.evaluation.document.result import Result
from core.evaluation.document.section import section
from core.evaluation.figures.catalogue import METRICS
from core.evaluation.records import Score


def _meaning(score: Score) -> str:
    less = "Less is better." if score.better == "lower" else ""
    return " ".join(filter(None, (score.meaning, score.why, less)))


_COLUMNS = (
    Column("figure", "Figure", of="title"),
    Column("value", "Value", "line", of="written"),
    Column("interval", "95 % interval", "line", of=lambda score: score.interval or "–"),
    Column("by", "By", of=lambda score: score.method or "–"),
    Column("meaning", "What it means", "prose", of=_meaning),
)


@section("metrics", "How good it is", group="overview", on_card="Metrics", untested=True)
def metrics(result: Result) -> Iterable[Part]:
    scores = result.figures.scores
    if result.evaluation.images:
        yield Figures("headlines", tuple(_headlines(scores)), again=True)
    title = "All figures, and what they mean"
    yield Table("figures", _COLUMNS, rows(_COLUMNS, scores), title)
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
