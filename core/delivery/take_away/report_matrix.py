"""The report's confusion matrix, readable with 2 classes and with 200."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from core.evaluation.document.sections.confusions import MOST_CELLS
from core.quality.report_html import name, text


@dataclass(frozen=True)
class Look:
    """How a matrix is drawn as a picture; lengths in its own units.

    Attributes:
        side: of the square with the cells.
        margin: beside it, for names, where they are shown.
        font: size of the type.
        named: up to so many classes have their names beside them,
        numbered: and up to so many their numbers in the cells.
    """

    side: float = 900
    margin: float = 130
    font: float = 10
    named: int = 60
    numbered: int = 0


def matrix(labels: list[str], counts: np.ndarray) -> str:
    """A confusion matrix as HTML: a table with numbers, or with many classes a picture.

    Args:
        counts: int, shape (classes, classes): rows true, columns predicted.
    """
    return picture(labels, counts) if len(labels) > MOST_CELLS else _cells(labels, counts)


def _cells(labels: list[str], counts: np.ndarray) -> str:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    heads = "".join(f"<th scope=col><div>{name(label)}</div></th>" for label in labels)
    rows = []
    for row, label in enumerate(labels):
        cells = "".join(
            _cell(int(counts[row, at]), float(shares[row, at]), row == at)
            for at in range(len(labels))
        )
        rows.append(f"<tr><th scope=row>{name(label)}</th>{cells}</tr>")
    return (
        '<div class="scroll"><table class="matrix"><thead><tr>'
        f'<th class="corner">true ↓<br>predicted →</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(count: int, share: float, right: bool) -> str:
    if not count:
        return '<td class="soft">·</td>'
    # Blue or orange of Okabe and Ito; a mistake is seen even where it is rare.
    strength = max(share, 0.15 if right else 0.4)
    colour = "0,114,178" if right else "190,90,0"
    hot = ' class="hot"' if strength > 0.5 else ""
    return f'<td{hot} style="background:rgba({colour},{strength:.2f})">{count:,}</td>'


def picture(labels: list[str], counts: np.ndarray, look: Look | None = None) -> str:
    """A confusion matrix as a picture (SVG), whose cells say what they are when pointed at.

    Args:
        counts: as for :func:`matrix`.
    """
    look = look or Look()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    named = len(labels) <= look.named
    left = top = look.margin if named else look.font * 2.5
    side = look.side / len(labels)
    parts = [
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left + look.side}" y2="{top}"/>',
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{top + look.side}"/>',
    ]
    for row, column in zip(*np.nonzero(counts), strict=True):
        kind = "ia" if row == column else "ib"
        strength = max(float(shares[row, column]), 0.15 if row == column else 0.35)
        count = f"{counts[row, column]:,}"
        said = text(f"{labels[row]} → {labels[column]}: {count}")
        parts.append(
            f'<rect class="{kind}" x="{left + column * side:.1f}" y="{top + row * side:.1f}" '
            f'width="{side - 0.5:.1f}" height="{side - 0.5:.1f}" fill-opacity="{strength:.2f}">'
            f"<title>{said}</title></rect>"
        )
        if len(labels) <= look.numbered:
            hot = ' class="hot"' if strength > 0.5 else ""
            parts.append(
                f'<text{hot} x="{left + (column + 0.5) * side:.1f}" text-anchor="middle" '
                f'y="{top + (row + 0.5) * side + look.font * 0.35:.1f}">{count}</text>'
            )
    if named:
        # As wide, beside their height, as letters are in wide faces (DejaVu Sans); with the "…".
        most = int((look.margin - 5) / (look.font * 0.65))
        for at, label in enumerate(labels):
            short = text(_cut(label, most))
            middle = at * side + side / 2 + look.font * 0.3
            parts.append(
                f'<text x="{left - 5}" y="{top + middle:.1f}" text-anchor="end">{short}</text>'
            )
            across = left + middle
            parts.append(
                f'<text x="{across:.1f}" y="{top - 5}" '
                f'transform="rotate(-90 {across:.1f} {top - 5})">{short}</text>'
            )
    down = look.font * 1.2
    if named:
        parts.append(f'<text x="2" y="{down}">true ↓ predicted →</text>')
    else:
        y = top + look.font * 6
        parts.append(f'<text x="{left}" y="{down}">predicted →</text>')
        parts.append(f'<text x="{down}" y="{y}" transform="rotate(-90 {down} {y})">← true</text>')
    size = f"{left + look.side + 5:.0f} {top + look.side + 5:.0f}"
    return (
        f'<svg class="wide" viewBox="0 0 {size}" role="img" aria-label="confusion '
        f'matrix">{"".join(parts)}</svg>'
    )


def _cut(label: str, most: int) -> str:
    """A label of at most so many letters' width; Chinese and Japanese ones are two wide."""
    width = 0
    for at, letter in enumerate(label):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > most:
            return f"{label[: max(1, at - 1)].rstrip()}…"
    return label
