"""Answer only when sure enough: how much is answered then, and how much of that is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.evaluation.document import parts
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words
from core.evaluation.trust.coverage import Point
from core.text import percent

# The thresholds to show where one can't scroll.
_TELLING = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_COLUMNS = (
    parts.Column("threshold", "at least so sure", "percent", 0),
    parts.Column("coverage", "answered", "percent"),
    *parts.shares("answered"),
)


@section("coverage", "Answer only when sure enough", OFF_CARD, group="reliability")
def coverage(result: Result) -> Iterable[parts.Part]:
    found = result.reliability
    curve = [point for point in found.curve if point.answered.images]
    yield parts.Paragraph(
        "said",
        "Doubtful images can be left to people: the surer the model has to be, the fewer images it "
        "answers, and the more often it is right.",
    )
    yield parts.Chart(
        "coverage",
        "Accuracy and the share of images that are answered, by the least confidence.",
        "answers only when at least so sure",
        "share of images",
        (
            parts.Line(
                "right, of those answered", [(p.threshold, p.answered.share) for p in curve]
            ),
            parts.Line(
                "answered", [(p.threshold, p.coverage) for p in found.curve], "b", dashed=True
            ),
        ),
        (0, 1),
        (min([0.5, *(p.answered.share for p in curve), *(p.coverage for p in found.curve)]), 1),
        percent="xy",
        note="Right answers among those that are answered have a 95 % interval (Wilson).",
    )
    yield points_table(curve)
    yield parts.Heading("wanted", "For a wanted accuracy")
    if found.suggestions:
        yield parts.Statements(
            "suggestions",
            tuple(
                parts.Statement(
                    key="suggestion",
                    text=f"{percent(each.wanted, 0)}: {words.sentence_of_suggestion(each)}",
                )
                for each in found.suggestions
            ),
        )
    else:
        yield parts.Paragraph("suggestions", words.WITHOUT_VALIDATION)


def points_table(curve: Sequence[Point]) -> parts.Table:
    """What is answered from each confidence on, and how much of that is right."""
    return parts.Table(
        "points",
        _COLUMNS,
        parts.rows(_COLUMNS, curve),
        brief=[at for at, point in enumerate(curve) if point.threshold in _TELLING],
    )
