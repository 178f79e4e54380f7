"""What if photos are worse? What its accuracy withstands."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Note, Paragraph, Part, Table
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.robustness import Disturbed, Robustness
from core.text import images, percent

_LEVELS = ("mild", "medium", "strong")
_COLUMNS = (
    Column("disturbance", "disturbance"),
    Column("strength", "strength"),
    Column("unit", "unit"),
    Column("accuracy", "right", "percent"),
    Column("likely", "likely between", "interval", ends=("low", "high")),
    Column("change", "change", "percent"),
    Column("change_likely", "change", "interval", ends=("change from", "change to")),
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
    yield Table("disturbances", _COLUMNS, tuple(_row(each) for each in found.tests), brief=())


def _by_level(found: Robustness) -> Table:
    rows = []
    for kind in KINDS.values():
        tests = [_cell(test) for test in found.tests if test.kind == kind.key]
        rows.append((kind.title, *tests, *[""] * (len(_LEVELS) - len(tests))))
    columns = (Column("disturbance", "disturbance"), *(Column(each, each) for each in _LEVELS))
    return Table("levels", columns, tuple(rows))


def _cell(test: Disturbed) -> str:
    mark = " ▼" if test.worse else ""
    return f"{percent(test.right.share, 0)}{mark} ({KINDS[test.kind].short(test.strength)})"


def _row(test: Disturbed) -> tuple:
    kind, right = KINDS[test.kind], test.right
    return (
        kind.title,
        kind.short(test.strength),
        kind.unit,
        right.share,
        (right.low, right.high),
        test.change,
        (test.low, test.high),
        test.lost,
        test.gained,
        test.p,
        test.q,
    )
