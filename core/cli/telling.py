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
        for part in section.parts:
            _tell(part, output)


def tell_parts(parts: Iterable[Part], output: Output) -> None:
    """Say parts that belong to no section."""
    for part in parts:
        _tell(part, output)


def _tell(part: Part, output: Output) -> None:
    if isinstance(part, Paragraph | Note):
        output.text(f"  {part.text}")
    elif isinstance(part, Heading):
        output.text(f"  {part.text}:")
    elif isinstance(part, Headline):
        output.text(f"  {part.statement.text}")
    elif isinstance(part, Statements):
        for each in part.items:
            output.text(f"  {each.text}")
    elif isinstance(part, Pictures) and part.title:
        output.text(f"  {part.title}: {part.text}")
    elif isinstance(part, Figures) and not part.again:
        for score in part.items:
            output.text(f"  {score.title}: {score.said}")
    elif isinstance(part, Table):
        _table(part, output)


def _table(part: Table, output: Output) -> None:
    rows = part.shown()
    if not rows:
        return
    # Sentences would make a table too wide.
    shown = [at for at, column in enumerate(part.columns) if column.kind != "prose"]
    lines = [part.written(row) for row in rows]
    output.table(
        [part.columns[at].title for at in shown], [[line[at] for at in shown] for line in lines]
    )
