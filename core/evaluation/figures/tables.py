"""The classification report as a table to take away: CSV, Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from core.evaluation.records import ClassScore, Evaluation
from core.text import as_csv, as_text, cell, escape

Format = Literal["csv", "markdown", "latex"]
HEADS = ("class", "precision", "recall", "recall from", "recall to", "F1", "images")

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def report_table(evaluation: Evaluation, classes: Sequence[ClassScore], format: Format) -> str:
    """The classification report as text: one row a class, then both averages, in columns
    :data:`HEADS`. The bounds of recall are Wilson's at 95 %; averages have none here.

    Args:
        classes: of the same evaluation, from :func:`core.evaluation.figures.compute.figures`.
        format: ``csv``: numbers in full, UTF-8, and no cell is one that a spreadsheet would take
            for a formula. ``markdown``: a table as GitHub and others read it. ``latex``: a
            ``tabular`` that needs no package; names are escaped.
    """
    rows: list[tuple] = [
        (row.label, row.precision, row.recall, row.recall_low, row.recall_high, row.f1, row.support)
        for row in classes
    ]
    rows += [
        (row.label, row.precision, row.recall, None, None, row.f1, row.support)
        for row in (evaluation.macro, evaluation.weighted)
    ]
    return FORMATS[format](rows)


def _csv(rows: Sequence[tuple]) -> str:
    return as_csv(HEADS, ([cell(label), *numbers] for label, *numbers in rows))


def _written(numbers: Sequence[float | int | None]) -> list[str]:
    """Three digits of parts, whole numbers of images, nothing where nothing is known."""
    return [
        "" if each is None else f"{each:,}" if isinstance(each, int) else f"{each:.3f}"
        for each in numbers
    ]


def _markdown(rows: Sequence[tuple]) -> str:
    lines = [f"| {' | '.join(HEADS)} |", f"| :-- |{' --: |' * (len(HEADS) - 1)}"]
    for label, *numbers in rows:
        name = escape(_one_line(label))
        lines.append(f"| {' | '.join([name, *_written(numbers)])} |")
    return "\n".join(lines) + "\n"


def _latex(rows: Sequence[tuple]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"{' & '.join(cells)} \\\\"

    lines = [f"\\begin{{tabular}}{{l{'r' * (len(HEADS) - 1)}}}", r"\hline", line(HEADS), r"\hline"]
    for number, (label, *numbers) in enumerate(rows):
        # Above the averages, which are the last two.
        if number == len(rows) - 2:
            lines.append(r"\hline")
        name = "".join(_LATEX.get(sign, sign) for sign in _one_line(label))
        # A bracket at the start of a line would be taken for an option of the \\ before it.
        lines.append(line([f"{{}}{name}" if name[:1] in "[*" else name, *_written(numbers)]))
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def _one_line(label: str) -> str:
    """A name that is safe to write as UTF-8, without anything that would end its line."""
    return " ".join(as_text(label).split()) or "(no name)"


FORMATS: dict[Format, Callable[[Sequence[tuple]], str]] = {
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
}
