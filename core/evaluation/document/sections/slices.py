"""Is it worse on some kinds of images?"""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import (
    Column,
    Note,
    Paragraph,
    Part,
    Statement,
    Statements,
    Table,
)
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST
from core.text import percent

_MOST_SAID, _MOST_ROWS = 8, 30
_COLUMNS = (
    Column("what", "what"),
    Column("kind", "kind"),
    Column("images", "images", "count"),
    Column("accuracy", "right", "percent"),
    Column("likely", "likely between", "interval", ends=("low", "high")),
    Column("others", "others", "percent"),
    Column("p", "p", "number", 4),
    Column("q", "p corrected", "number", 4),
    Column("worse", "worse", "yes"),
)


@section("slices", "Is it worse on some kinds of images?", OFF_CARD, group="reliability")
def slices(result: Result) -> Iterable[Part]:
    found = result.reliability
    yield Paragraph("said", words.sentence_of_slices(found))
    worse = [each for each in found.slices if each.worse][:_MOST_SAID]
    if worse:
        yield Statements(
            "worse",
            tuple(
                Statement(key=each.key, text=words.sentence_of_slice(each), tone="caution")
                for each in worse
            ),
        )
    if not found.slices:
        return
    yield Note(
        "how",
        f"Kinds of at least {FEWEST} test images, each against all others: Fisher’s exact test, "
        "corrected for the number of kinds (Benjamini-Hochberg), at "
        f"{percent(FALSE_DISCOVERIES, 0)}. A kind may also do worse because it has more images of "
        "a difficult class.",
    )
    yield Table(
        "slices",
        _COLUMNS,
        tuple(
            (
                each.title,
                each.part,
                each.inside.images,
                each.inside.share,
                (each.inside.low, each.inside.high),
                each.rest.share,
                each.p,
                each.q,
                each.worse,
            )
            for each in found.slices
        ),
        brief=range(_MOST_ROWS),
    )
