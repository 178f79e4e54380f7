"""Sections of results, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable

from core.cli.output import Output
from core.evaluation.document.parts import (
    Figures,
    Heading,
    Headline,
    Note,
    Paragraph,
    Part,
    Pictures,
    Section,
    Statements,
    Table,
)


def tell(sections: Iterable[Section], output: Output) -> None:
    """Say all of them; what can only be drawn is left out."""
    for section in sections:
        if section.title:
            output.text()
            output.text(section.title)
        tell_parts(section.parts, output)


def tell_parts(parts: Iterable[Part], output: Output) -> None:
    """Say parts, also such that belong to no section."""
    for part in parts:
        if isinstance(part, Table):
            _table(part, output)
        for line in _lines(part):
            output.text(f"  {line}")


def _lines(part: Part) -> list[str]:
    match part:
        case Paragraph() | Note():
            return [part.text]
        case Heading():
            return [f"{part.text}:"]
        case Headline():
            return [part.statement.text]
        case Statements():
            return [each.text for each in part.items]
        case Pictures() if part.title:
            return [f"{part.title}: {part.text}"]
        case Figures() if not part.again:
            return [f"{score.title}: {score.said}" for score in part.items]
    return []


def _table(part: Table, output: Output) -> None:
    # Sentences would make a table too wide.
    shown = [at for at, column in enumerate(part.columns) if column.kind != "prose"]
    lines = [part.written(row) for row in part.shown()]
    if lines:
        heads = [part.columns[at].title for at in shown]
        output.table(heads, [[line[at] for at in shown] for line in lines])
