"""A section of results as HTML: one function for each kind of part."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from PIL import Image

from core.delivery.take_away.material import Material
from core.delivery.take_away.report_matrix import MOST_CELLS, matrix
from core.delivery.take_away.svg import chart
from core.evaluation.document import parts
from core.evaluation.explain.overlay import framed, overlay
from core.quality.report_html import Picture, bar, name, strip, table, text
from core.quality.thumbs import data_uri
from core.runs.pictures import Picture as Thumbnail
from core.runs.pictures import run_pictures
from core.text import percent

_SIDE = 160
_OPACITY = 0.65


def section_html(section: parts.Section, material: Material, level: int = 2) -> str:
    """A section with its title as a heading of this level, on all sides of it what it needs."""
    title = f"<h{level}>{text(section.title)}</h{level}>" if section.title else ""
    body = []
    for kind, run in groupby(section.parts, type):
        alike: list[Any] = list(run)
        if kind is parts.Chart:
            body.append(f'<div class="charts">{"".join(map(chart, alike))}</div>')
        elif kind is parts.Pictures:
            body.append(_pictures(alike, material))
        else:
            body += [_DRAWN[kind](part) for part in alike]
    return f"<section>{title}{''.join(body)}</section>"


def _pictures(alike: list[Any], material: Material) -> str:
    if any(part.heat for part in alike):
        return "".join(_looked_at(part, material) for part in alike)
    return _groups(alike, material)


def _groups(alike: Sequence[parts.Pictures], material: Material) -> str:
    """Images that belong together, each group with its title, side by side."""
    items = []
    for part in alike:
        shown = [
            Picture(found.data, each.name, each.notes, found.tiny)
            for each, found in zip(part.items, _thumbnails(part, material), strict=True)
        ]
        items.append(
            f"<li><strong>{text(part.title)}</strong><br>{text(part.text)}{strip(shown)}</li>"
        )
    return f'<ul class="pairs mixed">{"".join(items)}</ul>'


def _looked_at(part: parts.Pictures, material: Material) -> str:
    """Images, each beside what the model looked at where that is known."""
    items = []
    for each, found in zip(part.items, _thumbnails(part, material), strict=True):
        looked = material.heat.of(each.row) if material.heat is not None else None
        both, beside = '<div class="none">no picture</div>', ""
        if found.data:
            both = _image(found.data, found.tiny, each.path)
        if found.data and looked is not None:
            both += _image(_with_heat(material, found.data, looked), False, "what it looked at")
            beside = "both"
        said, *others = each.notes
        then = "".join(f'<br><span class="soft">{text(other)}</span>' for other in others)
        items.append(
            f'<li><div class="{beside}">{both}</div>{name(each.name)}<br>{text(said)}{then}</li>'
        )
    return f'<ul class="pairs">{"".join(items)}</ul>'


def _thumbnails(part: parts.Pictures, material: Material) -> list[Thumbnail]:
    return run_pictures(material.catalog, material.run, [each.path for each in part.items])


def _with_heat(material: Material, data: bytes, heat: np.ndarray) -> bytes:
    """The picture as the model sees it, with its heat map on it; a JPEG."""
    with Image.open(io.BytesIO(data)) as image:
        shown = framed(image.convert("RGB"), material.spec.resize, _SIDE)
    out = io.BytesIO()
    Image.fromarray(overlay(shown, heat, _OPACITY)).save(out, "JPEG", quality=80)
    return out.getvalue()


def _image(data: bytes, tiny: bool, said: str) -> str:
    kind = " class=tiny" if tiny else ""
    return f'<img src="{data_uri(data)}" alt="{text(said)}"{kind}>'


def _headline(part: parts.Headline) -> str:
    look = "" if part.statement.tone == "good" else " look"
    return f'<p class="verdict{look}">{text(part.statement.text)}</p>'


def _statements(part: parts.Statements) -> str:
    lines = "".join(f'<li class="{each.tone}">{text(each.text)}</li>' for each in part.items)
    return f'<ul class="said">{lines}</ul>' if lines else ""


def _figures(part: parts.Figures) -> str:
    items = "".join(
        f"<div><dt>{text(each.title)}</dt><dd>{text(each.written)}</dd>"
        f'<dd class="soft">{text(each.interval)}</dd></div>'
        for each in part.items
    )
    return f'<dl class="figures">{items}</dl>'


def scale(part: parts.Scale) -> str:
    """Accuracy with its interval, beside always answering the largest class."""

    def at(share: float) -> str:
        return f"{2 + share * 96:.2f}%"

    side = "start" if part.base < 0.25 else "end" if part.base > 0.75 else "middle"
    base = at(part.base)
    return (
        f'<svg class="scale" role="img" aria-label="{text(part.said)}" height="52" '
        'style="height:52px">'
        f'<line class="axis" x1="{at(0)}" x2="{at(1)}" y1="16" y2="16" stroke-width="6"/>'
        f'<line class="sa" x1="{at(part.low)}" x2="{at(part.high)}" y1="16" y2="16" '
        'stroke-width="12" stroke-opacity=".45"/>'
        f'<circle class="fa" cx="{at(part.value)}" cy="16" r="7"/>'
        f'<line class="sb" x1="{base}" x2="{base}" y1="6" y2="26" stroke-width="3"/>'
        f'<text x="{base}" y="44" text-anchor="{side}">{text(part.base_said)}: '
        f"{percent(part.base, 0)}</text></svg>"
    )


def _matrix(part: parts.Matrix) -> str:
    counts = np.array(part.counts, np.int64)
    many = len(part.labels) > MOST_CELLS
    order = list(part.order if many else range(len(part.labels)))
    drawn = matrix([part.labels[at] for at in order], counts[np.ix_(order, order)])
    if not many:
        return drawn
    return (
        "<p>Classes that are mixed up lie side by side. Pointed at, a cell says what it is; the "
        f"most frequent mistakes are listed below.</p>{drawn}"
    )


def _table(part: parts.Table) -> str:
    values = part.shown()
    if not values:
        return ""
    # What takes sentences stands below what it is about, so that the table stays narrow.
    prose = [at for at, column in enumerate(part.columns) if column.kind == "prose"]
    shown = [at for at in range(len(part.columns)) if at not in prose]
    rows = []
    for row in values:
        line, cells = part.written(row), []
        for at in shown:
            cells.append((name if part.columns[at].kind == "name" else text)(line[at]))
            if part.columns[at].bar:
                cells.append(bar([row[at] or 0.0]))
        if prose:
            below = " ".join(line[at] for at in prose)
            soft = f'<br><span class="soft">{text(below)}</span>'
            cells[0] = f'<div class="about"><strong>{cells[0]}</strong>{soft}</div>'
        rows.append(cells)
    kinds, heads = "", []
    for at in shown:
        column = part.columns[at]
        kinds += "n" if column.numeric else "w" if column.kind in ("interval", "line") else "t"
        heads.append(column.title)
        if column.bar:
            kinds += "b"
            heads.append("")
    title = f"<h3>{text(part.title)}</h3>" if part.title not in ("", parts.UNTITLED) else ""
    return title + table(heads, rows, kinds)


_DRAWN: dict[type, Callable[[Any], str]] = {
    parts.Headline: _headline,
    parts.Statements: _statements,
    parts.Paragraph: lambda part: f"<p>{text(part.text)}</p>",
    parts.Note: lambda part: f'<p class="soft">{text(part.text)}</p>',
    parts.Heading: lambda part: f"<h3>{text(part.text)}</h3>",
    parts.Code: lambda part: f"<pre>{text(part.text)}</pre>",
    parts.Figures: _figures,
    parts.Scale: scale,
    parts.Matrix: _matrix,
    parts.Table: _table,
}
