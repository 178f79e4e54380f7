"""Which class is taken for which: the matrix, and examples of the pairs mixed up most often."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document import parts
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.mistakes import select
from core.evaluation.records import Confusion, worst_confusions
from core.text import images, percent, plural, quoted

# Beyond, numbers in a matrix' cells can't be read.
MOST_CELLS = 16
_PAIRS, _EXAMPLES, _LISTED = 8, 6, 30
_COLUMNS = (
    parts.Column("true", "true", "name"),
    parts.Column("predicted", "predicted", "name"),
    parts.Column("images", "images", "count", of="count"),
    parts.Column("of", "of", "count", of="support"),
    parts.Column("share", "share", "percent", of=lambda pair: pair.count / pair.support),
)


@section("confusion", "Which class is taken for which", ("page", "report"))
def confusions(result: Result) -> Iterable[parts.Part]:
    evaluation = result.evaluation
    many = len(evaluation.labels) > MOST_CELLS
    yield parts.Paragraph(
        "said",
        "Each row is a true class, each column what the model predicted; right answers are on the "
        "diagonal, mistakes beside it. The stronger a cell’s colour, the larger its part of the "
        "row.",
    )
    yield parts.Matrix(
        "matrix",
        tuple(evaluation.labels),
        tuple(tuple(row) for row in evaluation.confusion),
        tuple(result.figures.order),
    )
    pairs = worst_confusions(evaluation, None)
    if pairs:
        yield parts.Table(
            "pairs",
            _COLUMNS,
            parts.rows(_COLUMNS, pairs),
            f"All {plural(len(pairs), 'pair')} of classes that were mixed up"
            if len(pairs) > 1
            else "The one pair of classes that was mixed up",
            # With few classes the matrix says it.
            brief=range(_LISTED) if many else (),
        )


@section("pairs", "Most often mixed up", OFF_CARD, group="confusion")
def pairs(result: Result) -> Iterable[parts.Part]:
    worst = worst_confusions(result.evaluation, None)
    for pair in worst[:_PAIRS]:
        yield examples(result, pair)
    if len(worst) > _PAIRS:
        yield parts.Note("more", f"… and {len(worst) - _PAIRS:,} more pairs.")


def examples(result: Result, pair: Confusion) -> parts.Pictures:
    """Images of a class that were taken for another, the surest answers first."""
    predictions = result.predictions
    rows = select(predictions, "wrong", true=pair.true, predicted=pair.predicted)[:_EXAMPLES]
    return parts.Pictures(
        f"{pair.true}\n{pair.predicted}",
        tuple(
            parts.Picture(
                str(predictions.table["path"].iloc[row]),
                int(row),
                f"{percent(float(predictions.confidence[row]), 0)} sure",
            )
            for row in rows
        ),
        f"{quoted(pair.true)} taken for {quoted(pair.predicted)}",
        f"{pair.count:,} of {images(pair.support)} ({percent(pair.count / pair.support, 0)})",
    )
