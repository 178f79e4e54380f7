"""What Streamlit has no element for: rows of pictures, a network as a table, and drawings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core.quality.thumbs import data_uri
from core.text import escape_html
from core.training.stack import Row
from pages._widgets.component import component

# st.html leaves drawings out, and as pictures they wouldn't follow the theme's colours.
_svg = component(
    "lightbox_svg",
    css="div {color: var(--st-text-color);}",
    html="<div></div>",
    js="""export default function ({ data, parentElement }) {
  parentElement.querySelector("div").innerHTML = data.svg;
}""",
)


def draw_svg(svg: str, key: str) -> None:
    """Show a drawing that our own code made, in the colour of the text around it."""
    _svg(key=key, data={"svg": svg})


def plot(figure: Any, **given: Any) -> Any:
    """A chart of Plotly's without its buttons; what was selected in it, where that is asked for."""
    return st.plotly_chart(figure, config={"displayModeBar": False}, **given)


_STYLE = """<style>
.lb-pictures {display: grid; gap: 6px; max-width: 640px; font-size: .8rem;}
.lb-pictures img {width: 100%; aspect-ratio: 1; border-radius: 5px; display: block;}
.lb-pictures span {opacity: .75; text-align: center; overflow-wrap: anywhere;}
.lb-pictures .on {outline: 3px solid #0B6E99; border-radius: 6px;}
.lb-layers {width: 100%; border-collapse: collapse; font-size: .85rem;
  font-variant-numeric: tabular-nums;}
.lb-layers th {font-weight: 600; opacity: .75;}
.lb-layers th, .lb-layers td {padding: .3rem .35rem; text-align: right; vertical-align: top;
  border-bottom: 1px solid rgba(128,128,128,.25);}
.lb-layers th:first-child, .lb-layers td:first-child {text-align: left; overflow-wrap: anywhere;}
.lb-layers td:nth-child(2) {white-space: nowrap;}
.lb-layers small {display: block; opacity: .75; font-size: .92em;}
.lb-layers .added td {opacity: .7;}
.lb-layers .wrong td {background: rgba(213,94,0,.14); border-left: 3px solid #D55E00;}
.lb-layers .wrong small {opacity: 1;}
.lb-layers tfoot td {font-weight: 600; border-bottom: none;}
</style>"""


def picture_grid(
    rows: Sequence[Sequence[np.ndarray]], heads: Sequence[str], alt: str, chosen: int = -1
) -> str:
    """Pictures in rows and columns, that fit a phone.

    Args:
        rows: uint8 pixels of shape (side, side, 3).
        heads: words over the columns.
        alt: what they are, for those who can't see them.
        chosen: the column that is marked.
    """
    cells = [f"<span>{escape_html(head)}</span>" for head in heads]
    for row in rows:
        for column, pixels in enumerate(row):
            mark = ' class="on"' if column == chosen else ""
            said = escape_html(f"{alt}: {heads[column]}")
            cells.append(f'<img{mark} alt="{said}" src="{_uri(pixels)}">')
    width = f"grid-template-columns: repeat({len(heads)}, minmax(0, 1fr))"
    return f'{_STYLE}<div class="lb-pictures" style="{width}">{"".join(cells)}</div>'


def layer_table(rows: Sequence[Row]) -> str:
    """Each layer with what comes out of it, its weights and its operations, or why it can't be."""
    head = "<th>Layer</th><th>Output</th><th>Weights</th><th>Operations</th>"
    body = "".join(_line(row) for row in rows)
    weights, work = sum(row.parameters for row in rows), sum(row.flops for row in rows)
    foot = f"<td>In all</td><td></td><td>{many(weights)}</td><td>{many(work)}</td>"
    if any(row.error for row in rows):
        foot = "<td colspan=4>In all: only once every layer fits</td>"
    return (
        f'{_STYLE}<table class="lb-layers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        f"<tfoot><tr>{foot}</tr></tfoot></table>"
    )


def _line(row: Row) -> str:
    name = f"{row.number}. {row.name}" if row.number else row.name
    cell = f"{escape_html(name)}<small>{escape_html(row.detail)}</small>"
    if row.error:
        cell += f"<small>{escape_html(row.error)}</small>"
        return f'<tr class="wrong"><td colspan=4>{cell}</td></tr>'
    shape = " × ".join(f"{length:,}" for length in row.shape) or "–"
    kind = "" if row.number else ' class="added"'
    weights = many(row.parameters) if row.parameters else "–"
    work = many(row.flops) if row.flops else "–"
    return f"<tr{kind}><td>{cell}</td><td>{shape}</td><td>{weights}</td><td>{work}</td></tr>"


def line_drawing(points: Sequence[tuple[float, float]], name: str, across: str) -> str:
    """A small line from left to right, at home in text; the highest value is written beside it.

    Args:
        points: (across, up) with rising first numbers; ``up`` at least 0.
        across: what the width is.
    """
    width, height, top = 320, 84, 18
    right = max(at for at, _ in points) or 1
    peak = max(up for _, up in points) or 1
    line = " ".join(
        f"{width * at / right:.1f},{top + (height - top) * (1 - up / peak):.1f}"
        for at, up in points
    )
    said = escape_html(f"{name}: up to {peak:g}, over {across}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 18}" role="img" '
        f'width="100%" style="max-width:420px" font-family="system-ui, sans-serif" font-size="11" '
        f'fill="currentColor"><title>{said}</title>'
        f'<path d="M0 {height}H{width}M0 {top}H{width}" stroke="currentColor" '
        'stroke-opacity="0.25"/>'
        f'<polyline points="{line}" fill="none" stroke="#0072B2" stroke-width="2"/>'
        f'<text x="0" y="{top - 5}" fill-opacity="0.75">{escape_html(name)}, '
        f"at most {peak:g}</text>"
        f'<text x="{width}" y="{height + 14}" text-anchor="end" fill-opacity="0.75">'
        f"{escape_html(across)}</text></svg>"
    )


def many(number: float) -> str:
    """A large number in three digits: ``640``, ``12.3 k``, ``2.26 M``, ``1.2 G``."""
    for unit in ("", " k", " M", " G"):
        if number < 999.5 or unit == " G":
            break
        number /= 1000
    return f"{number:,.0f}{unit}" if not unit or number >= 100 else f"{number:.3g}{unit}"


def _uri(pixels: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return data_uri(out.getvalue())
