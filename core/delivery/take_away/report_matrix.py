"""The report's confusion matrix, readable with 2 classes and with 200."""

from __future__ import annotations

import numpy as np

from core.evaluation.document.sections.confusions import MOST_CELLS
from core.quality.report_html import name, text

_SIDE = 900
_SHOWN = 24


def matrix(labels: list[str], counts: np.ndarray) -> str:
    """A confusion matrix as HTML: a table with numbers, or with many classes a picture.

    Args:
        counts: int, shape (classes, classes): rows true, columns predicted.
    """
    return (_picture if len(labels) > MOST_CELLS else _cells)(labels, counts)


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


def _picture(labels: list[str], counts: np.ndarray) -> str:
    """The matrix as a picture: a square a cell, with its numbers when pointed at."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    few = len(labels) <= 60
    left, top = (130, 130) if few else (30, 30)
    side = _SIDE / len(labels)
    parts = [
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left + _SIDE}" y2="{top}"/>',
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{top + _SIDE}"/>',
    ]
    for row, column in zip(*np.nonzero(counts), strict=True):
        kind = "ia" if row == column else "ib"
        strength = max(float(shares[row, column]), 0.15 if row == column else 0.35)
        said = text(f"{labels[row]} → {labels[column]}: {counts[row, column]:,}")
        parts.append(
            f'<rect class="{kind}" x="{left + column * side:.1f}" y="{top + row * side:.1f}" '
            f'width="{side - 0.5:.1f}" height="{side - 0.5:.1f}" fill-opacity="{strength:.2f}">'
            f"<title>{said}</title></rect>"
        )
    if few:
        for at, label in enumerate(labels):
            short = text(label if len(label) <= _SHOWN else f"{label[: _SHOWN - 1]}…")
            middle = at * side + side / 2 + 3
            parts.append(
                f'<text x="{left - 5}" y="{top + middle:.1f}" text-anchor="end">{short}</text>'
            )
            across = left + middle
            parts.append(
                f'<text x="{across:.1f}" y="{top - 5}" '
                f'transform="rotate(-90 {across:.1f} {top - 5})">{short}</text>'
            )
    parts.append(f'<text x="{left}" y="{12}">predicted →</text>')
    parts.append(f'<text x="12" y="{top + 60}" transform="rotate(-90 12 {top + 60})">← true</text>')
    size = f"{left + _SIDE + 5} {top + _SIDE + 5}"
    return (
        f'<svg class="wide" viewBox="0 0 {size}" role="img" aria-label="confusion '
        f'matrix">{"".join(parts)}</svg>'
    )
