"""Charts of the report as SVG text: curves over epochs, calibration, coverage. Nothing is loaded.

Colours come from the report's style sheet, so that they suit light, dark and paper; lines differ in
their dashes too, so that colour alone never tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from core.evaluation.document.parts import Chart, Line
from core.quality.report_html import text

_WIDTH, _HEIGHT = 520, 300
Place = Callable[[float, float], tuple[float, float]]
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 12, 46


def chart(part: Chart) -> str:
    """A chart of lines; "" where there is nothing to draw."""
    lines = part.lines
    values = [(x, y) for line in lines for x, y in line.points if y is not None]
    if not values:
        return ""
    left, right = part.x_range or _around([x for x, _ in values], tight=True)
    low, high = part.y_range or _around([y for _, y in values])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / ((right - left) or 1)
        up = (y - low) / ((high - low) or 1)
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _TOP + (1 - min(1.0, max(0.0, up))) * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = _grid(place, (left, right), (low, high), part.percent, part.whole)
    if part.diagonal:
        (x1, y1), (x2, y2) = place(left, low), place(right, high)
        parts.append(f'<line class="axis dash" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    for x, bottom, top in part.bands:
        (x1, y1), (_, y2) = place(x, bottom), place(x, top)
        parts.append(
            f'<line class="band" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x1:.1f}" y2="{y2:.1f}"/>'
        )
    for line in lines:
        parts += _drawn(line, place)
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    half = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{text(part.x)}</text>')
    parts.append(
        f'<text x="14" y="{half}" text-anchor="middle" transform="rotate(-90 14 {half})">'
        f"{text(part.y)}</text>"
    )
    return (
        f'<figure class="chart"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{text(part.said)}">{"".join(parts)}</svg>{_key(lines)}'
        + (f'<p class="soft">{text(part.note)}</p>' if part.note else "")
        + "</figure>"
    )


def _grid(
    place: Place,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    percent: str,
    whole: bool,
) -> list[str]:
    parts = []
    for tick in ticks(*x_range, whole=whole):
        x, bottom = place(tick, y_range[0])
        parts.append(
            f'<line class="axis" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
        )
        said = _tick(tick, "x" in percent)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{said}</text>')
    for tick in ticks(*y_range):
        left, y = place(x_range[0], tick)
        parts.append(
            f'<line class="axis" x1="{left:.1f}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        )
        said = _tick(tick, "y" in percent)
        parts.append(f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{said}</text>')
    return parts


def _drawn(line: Line, place: Place) -> list[str]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in line.points:
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append(place(x, y))
    dash = " dash" if line.dashed else ""
    parts = [
        f'<polyline class="line s{line.colour}{dash}" points="'
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
        + '"/>'
        for piece in pieces
        if piece
    ]
    if line.dotted or max(len(piece) for piece in pieces) < 2:
        parts += [
            f'<circle class="f{line.colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
            for piece in pieces
            for x, y in piece
        ]
    return parts


def _key(lines: Sequence[Line]) -> str:
    if len(lines) < 2:
        return ""
    keys = "".join(
        f'<span class="item"><svg class="swatch" viewBox="0 0 26 8" aria-hidden="true">'
        f'<line class="line s{line.colour}{" dash" if line.dashed else ""}" x1="1" y1="4" x2="25" '
        f'y2="4"/></svg>{text(line.name)}</span>'
        for line in lines
    )
    return f'<figcaption class="soft">{keys}</figcaption>'


def ticks(low: float, high: float, *, about: int = 6, whole: bool = False) -> list[float]:
    """Round numbers from ``low`` to ``high``, about so many.

    Args:
        whole: whole numbers only.
    """
    if not high > low:
        return [low]
    wanted = (high - low) / about
    size = 10 ** math.floor(math.log10(wanted))
    step = next(n * size for n in (1, 2, 5, 10) if n * size >= wanted * 0.999)
    if whole:
        step = max(1, round(step))
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 9) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _around(values: Sequence[float], tight: bool = False) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0 if tight else 0.06 * (high - low)
    if low == high:
        margin = abs(low) * 0.1 or 1
    return low - margin, high + margin


def _tick(value: float, percent: bool) -> str:
    return f"{value * 100:.4g} %" if percent else f"{value:.4g}"
