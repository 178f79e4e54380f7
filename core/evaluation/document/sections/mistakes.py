"""Wrong answers, the surest first, each beside what the model looked at."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Note, Paragraph, Part, Picture, Pictures
from core.evaluation.document.result import Result
from core.evaluation.document.section import section
from core.evaluation.mistakes import said_of, select
from core.text import images

MOST = 60


@section("mistakes", "Mistakes", ("report",))
def mistakes(result: Result) -> Iterable[Part]:
    predictions = result.predictions
    rows = select(predictions, "wrong")
    if not len(rows):
        yield Paragraph("none", "There are none in this test.")
        return
    yield Paragraph(
        "said",
        f"{len(rows):,} of {images(len(predictions))}, the surest first: where the model is sure "
        f"and wrong, it has learned something wrong, or the label is. {_looked_at(result)}",
    )
    items = []
    for row in rows[:MOST]:
        path = str(predictions.table["path"].iloc[row])
        name = path.rpartition("/")[2]
        items.append(Picture(path, int(row), name, said_of(predictions, int(row))))
    yield Pictures("mistakes", tuple(items), heat=True)
    if len(rows) > MOST:
        yield Note("more", f"and {len(rows) - MOST:,} more")


def _looked_at(result: Result) -> str:
    if result.heat is None:
        return (
            "What the model looked at is not known yet: it is found out when Results are opened, "
            "or by the command “study”."
        )
    how = "Grad-CAM" if result.heat.method == "gradients" else "found by covering them"
    return f"Right: the light places are those whose evidence spoke most for the answer ({how})."
