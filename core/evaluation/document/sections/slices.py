"""Is it worse on some kinds of images?"""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document import parts
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST
from core.text import percent

_MOST_SAID, _MOST_ROWS = 8, 30
_RIGHT, _LIKELY, _, _IMAGES = parts.shares("inside")
_COLUMNS = (
    parts.Column("what", "what", of="title"),
    parts.Column("kind", "kind", of="part"),
    _IMAGES,
    _RIGHT,
    _LIKELY,
    parts.Column("others", "others", "percent", of="rest.share"),
    parts.Column("p", "p", "number", 4),
    parts.Column("q", "p corrected", "number", 4),
    parts.Column("worse", "worse", "yes"),
)


@section("slices", "Is it worse on some kinds of images?", OFF_CARD, group="reliability")
def slices(result: Result) -> Iterable[parts.Part]:
    found = result.reliability
    yield parts.Paragraph("said", words.sentence_of_slices(found))
    worse = [each for each in found.slices if each.worse][:_MOST_SAID]
    if worse:
        yield parts.Statements(
            "worse",
            tuple(
                parts.Statement(key=each.key, text=words.sentence_of_slice(each), tone="caution")
                for each in worse
            ),
        )
    if not found.slices:
        return
    yield parts.Note(
        "how",
        f"Kinds of at least {FEWEST} test images, each against all others: Fisher’s exact test, "
        "corrected for the number of kinds (Benjamini-Hochberg), at "
        f"{percent(FALSE_DISCOVERIES, 0)}. A kind may also do worse because it has more images of "
        "a difficult class.",
    )
    rows = parts.rows(_COLUMNS, found.slices)
    yield parts.Table("slices", _COLUMNS, rows, brief=range(_MOST_ROWS))
