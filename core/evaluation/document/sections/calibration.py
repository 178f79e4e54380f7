"""Does it know how sure it may be? How often it is right, by how sure it says it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.evaluation.document import parts
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.records import Score
from core.evaluation.trust import words as words
from core.evaluation.trust.calibration import BINS, Bin, Calibration

_AS_IT_ANSWERS, _WARMED = "as it answers", "with the temperature"
_BIN = (
    parts.Column("says", "it says", "interval", of=lambda each: (each.low, each.high)),
    parts.Column("confidence", "on average", "percent"),
    *parts.shares("right"),
)


@section("calibration", "Does it know how sure it may be?", OFF_CARD, group="reliability")
def calibration(result: Result) -> Iterable[parts.Part]:
    found = result.reliability
    before, after = found.before, found.after
    said = words.sentence_of_calibration(before)
    yield parts.Paragraph("said", said)
    lines = [parts.Line(_AS_IT_ANSWERS, _points(before), "a", dotted=True)]
    if after is not None:
        lines.append(parts.Line(_WARMED, _points(after), "b", dashed=True, dotted=True))
    yield parts.Chart(
        "calibration",
        f"Calibration: how often answers are right, by how sure they are. {said}",
        "how sure it says it is",
        "how often it is right",
        tuple(lines),
        (0, 1),
        (0, 1),
        percent="xy",
        diagonal=True,
        bands=tuple(
            (each.confidence, each.right.low, each.right.high) for each in before.equal_width
        ),
        note="Each point is a bin of answers that are about as sure, with the 95 % interval "
        "(Wilson) of how many are right. On the diagonal it is right exactly as often as it says.",
    )
    yield parts.Figures("errors", _errors(before))
    yield parts.Paragraph(
        "temperature", f"Temperature scaling. {words.sentence_of_temperature(found)}"
    )
    yield parts.Note(
        "guo",
        "One number that makes all answers surer or less sure (Guo 2017). Predictions show the "
        "model’s own figures, without it.",
    )
    yield bins_table(before.equal_width, None if after is None else after.equal_width)


def bins_table(bins: Sequence[Bin], warmed: Sequence[Bin] | None) -> parts.Table:
    """Bins of answers as they are, and with the temperature."""
    rows = tuple(
        (which, *row)
        for which, some in ((_AS_IT_ANSWERS, bins), (_WARMED, warmed or ()))
        for row in parts.rows(_BIN, some)
    )
    columns = (parts.Column("answers", "answers"), *_BIN)
    return parts.Table("bins", columns, rows, brief=range(len(bins)))


def _points(calibration: Calibration) -> list[tuple[float, float | None]]:
    return [(each.confidence, each.right.share) for each in calibration.equal_width]


def _errors(found: Calibration) -> tuple[Score, ...]:
    return (
        Score(
            key="ece",
            title="Expected calibration error",
            value=found.ece,
            low=found.ece_low,
            high=found.ece_high,
            method="basic bootstrap, 1,000 resamples",
            meaning="The gap between how sure it is and how often it is right, averaged over "
            f"{BINS} bins of equal width by their images (Naeini 2015; Guo 2017). 0 is perfect.",
            better="lower",
        ),
        Score(
            key="mce",
            title="Maximum calibration error",
            value=found.mce,
            low=None,
            high=None,
            method="",
            meaning="The largest such gap of any bin (MCE); bins of few images make it large by "
            "chance.",
            better="lower",
        ),
    )
