"""What if photos are worse? What its accuracy withstands."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Note, Paragraph, Part, Table, rows, shares
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.robustness import Disturbed, Robustness
from core.text import images, percent

_LEVELS = ("mild", "medium", "strong")
_COLUMNS = (
    Column("disturbance", "disturbance", of=lambda test: KINDS[test.kind].title),
    Column("strength", "strength", of=lambda test: KINDS[test.kind].short(test.strength)),
    Column("unit", "unit", of=lambda test: KINDS[test.kind].unit),
    *shares("right")[:2],
    Column("change", "change", "percent"),
    Column(
        "change_likely",
        "change",
        "interval",
        ends=("change from", "change to"),
        of=lambda test: (test.low, test.high),
    ),
    Column("lost", "lost", "count"),
    Column("gained", "gained", "count"),
    Column("p", "p", "number", 4),
    Column("q", "p corrected", "number", 4),
)


@section("robustness", "What if photos are worse?", OFF_CARD, group="reliability")
def robustness(result: Result) -> Iterable[Part]:
    found = result.reliability.robustness
    if found is None:
        yield Paragraph(
            "not-tried",
            "How it copes with blurred, dark or turned photos has not been tried yet: that is "
            "found out when Results are opened, or by the command “study”.",
        )
        return
    yield Paragraph("said", words.sentence_of_robustness(found))
    if not found.images:
        return
    yield _by_level(found)
    asked = (
        f"all {images(found.images)}"
        if found.images == found.of
        else f"{found.images:,} of {found.of:,} test images, drawn by chance (seed {found.seed})"
    )
    yield Note(
        "how",
        f"Part of right answers on {asked}; undisturbed {percent(found.plain.share, 1)}. ▼ is "
        "worse by more than chance: McNemar’s exact test on the same images with and without, "
        "corrected for the number of tests (Benjamini-Hochberg).",
    )
    yield Table("disturbances", _COLUMNS, rows(_COLUMNS, found.tests), brief=())


def _by_level(found: Robustness) -> Table:
    lines = []
    for kind in KINDS.values():
        tests = [_cell(test) for test in found.tests if test.kind == kind.key]
        lines.append((kind.title, *tests, *[""] * (len(_LEVELS) - len(tests))))
    columns = (Column("disturbance", "disturbance"), *(Column(each, each) for each in _LEVELS))
    return Table("levels", columns, tuple(lines))


def _cell(test: Disturbed) -> str:
    mark = " ▼" if test.worse else ""
    return f"{percent(test.right.share, 0)}{mark} ({KINDS[test.kind].short(test.strength)})"
