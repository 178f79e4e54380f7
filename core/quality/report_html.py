"""The pieces of a report that is one HTML file: tables, bars, a scatter plot, strips of pictures.

Every function takes plain values and returns HTML in which whatever came from outside is escaped.
Nothing is loaded from anywhere, and there are no scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.quality.thumbs import data_uri
from core.text import escape_html

# Okabe and Ito's colours, told apart by everyone; lighter ones in the dark.
STYLE = """
:root { color-scheme: light dark; --text: #1d2129; --soft: #59616e; --back: #ffffff;
  --card: #f4f6f8; --line: #d9dde3; --a: #0072b2; --b: #e69f00; --c: #009e73; --good: #00664b;
  --bad: #a84300; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaee; --soft: #a6aebb; --back: #14171c;
  --card: #1e232b; --line: #363d49; --a: #56b4e9; --b: #f0b93a; --c: #35c79b; --good: #5fd6b0;
  --bad: #ffa36b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 60rem; color: var(--text);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
.soft { color: var(--soft); font-size: .9rem; }
.verdict { font-size: 1.2rem; margin: 1rem 0; padding: .75rem 1rem; background: var(--card);
  border-left: .35rem solid var(--good); border-radius: .25rem; }
.verdict.look { border-color: var(--bad); }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; padding: 0; }
.figures div { flex: 1 1 7rem; padding: .6rem .8rem; background: var(--card);
  border-radius: .4rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td { min-width: 4.5rem; overflow-wrap: break-word; }
.n, .w { font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; }
.n { text-align: right; }
.undone { color: var(--soft); text-decoration: line-through; }
.bar { width: 45%; vertical-align: middle; }
.bar div { display: flex; height: .8rem; background: var(--card); border-radius: .2rem;
  overflow: hidden; }
.a { background: var(--a); } .b { background: var(--b); } .c { background: var(--c); }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem;
  margin: 0 .35rem 0 .9rem; vertical-align: -.05rem; }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: .6rem;
  margin: .5rem 0 1rem; padding: 0; list-style: none; }
.strip li { padding: .35rem; background: var(--card); border-radius: .4rem; font-size: .75rem;
  line-height: 1.3; break-inside: avoid; }
.strip img, .strip .none { display: block; width: 100%; height: 6.5rem; object-fit: contain;
  margin-bottom: .25rem; }
.strip .soft { font-size: inherit; }
.strip img.tiny { image-rendering: pixelated; }
.strip .none { display: grid; place-items: center; color: var(--soft);
  border: 1px dashed var(--line); }
svg { display: block; width: 100%; max-width: 34rem; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
svg line { stroke: var(--line); } svg circle { fill: var(--a); fill-opacity: .6; }
.bar div, .a, .b, .c, .key, .verdict, .figures div { print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
@media print { :root { color-scheme: light; --text: #000; --soft: #444; --back: #fff;
  --card: #f1f3f5; --line: #bbb; --a: #0072b2; --b: #e69f00; --c: #009e73; --good: #00664b;
  --bad: #a84300; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; } tr, .verdict { break-inside: avoid; }
  .strip { grid-template-columns: repeat(6, 1fr); } .scroll { overflow: visible; } }
"""
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'">
"""

text = escape_html


@dataclass(frozen=True)
class Picture:
    """One example in a strip.

    Attributes:
        thumbnail: a JPEG or PNG; ``b""`` for none.
        name: what stands below it.
        notes: smaller lines below that.
        tiny: shown with its pixels sharp.
    """

    thumbnail: bytes
    name: str
    notes: tuple[str, ...] = ()
    tiny: bool = False


def name(value: str) -> str:
    """Somebody's name for something; one written from right to left turns nothing else round."""
    return f"<bdi>{text(value)}</bdi>"


def document(title: str, body: Sequence[str], *, style: str = "") -> str:
    """The whole file.

    Args:
        style: more for the style sheet, after what all reports have in common.
    """
    return (
        f"{_HEAD}<title>{text(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A part of the report; what is in it as HTML."""
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>"


def figures(pairs: Sequence[tuple[str, str]]) -> str:
    """Key figures: pairs of what and how much."""
    inside = "".join(f"<div><dt>{text(a)}</dt><dd>{text(b)}</dd></div>" for a, b in pairs)
    return f'<dl class="figures">{inside}</dl>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], kinds: str) -> str:
    """A table.

    Args:
        heads: as text.
        rows: cells as HTML.
        kinds: a letter a column: ``t`` text, ``w`` text of one line, ``n`` a number, ``b`` a bar of
            :func:`bar`.
    """
    classes = [
        {"n": ' class="n"', "w": ' class="w"', "b": ' class="bar"'}.get(kind, "") for kind in kinds
    ]

    def line(tag: str, cells: Sequence[str]) -> str:
        inside = "".join(
            f"<{tag}{each}>{cell}</{tag}>" for each, cell in zip(classes, cells, strict=True)
        )
        return f"<tr>{inside}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    head = line("th", [text(head) for head in heads])
    return f'<div class="scroll"><table><thead>{head}</thead>\n<tbody>{body}</tbody></table></div>'


def bar(parts: Sequence[float]) -> str:
    """A bar of up to three parts, each a share of its whole width, 0 to 1."""
    inside = "".join(
        f'<span class="{colour}" style="width:{100 * part:.2f}%"></span>'
        for colour, part in zip("abc", parts, strict=False)
    )
    return f"<div>{inside}</div>"


def legend(names: Sequence[str]) -> str:
    """What the parts of bars mean."""
    keys = (
        f'<span class="key {colour}"></span>{text(each)}'
        for colour, each in zip("abc", names, strict=False)
    )
    return f'<p class="soft">{"".join(keys)}</p>'


def strip(pictures: Sequence[Picture]) -> str:
    """Pictures side by side, each with its name."""
    return f'<ul class="strip">{"".join(_example(picture) for picture in pictures)}</ul>'


def _example(picture: Picture) -> str:
    if picture.thumbnail:
        shown = (
            f'<img src="{data_uri(picture.thumbnail)}" '
            f'alt="{text(picture.name)}"{" class=tiny" if picture.tiny else ""}>'
        )
    else:
        shown = '<div class="none">no picture</div>'
    notes = "".join(f'<br><span class="soft">{text(note)}</span>' for note in picture.notes)
    return f"<li>{shown}{name(picture.name)}{notes}</li>"


def scatter(points: Sequence[tuple[int, int, int]], x_title: str, y_title: str, what: str) -> str:
    """A plot of points in SVG, larger where there are more.

    Args:
        points: x, y and how many, none of them negative.
        what: describes the plot to those who can't see it.
    """
    left, bottom, width, height = 52, 240, 440, 225
    x_step, y_step = (_step(max((p[n] for p in points), default=1)) for n in (0, 1))
    x_top, y_top = (
        step * -(-max(1, *(p[n] for p in points)) // step) for n, step in ((0, x_step), (1, y_step))
    )
    most = max(1, *(p[2] for p in points))
    parts = []
    for tick in range(0, x_top + 1, x_step):
        x = left + width * tick / x_top
        parts.append(f'<line x1="{x:.1f}" y1="{bottom - height}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(_label(x, bottom + 16, f"{tick:,}", "middle"))
    for tick in range(0, y_top + 1, y_step):
        y = bottom - height * tick / y_top
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}"/>')
        parts.append(_label(left - 6, y + 4, f"{tick:,}", "end"))
    for x_value, y_value, count in points:
        x, y = left + width * x_value / x_top, bottom - height * y_value / y_top
        radius = 3 + 9 * (count / most) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{x_value:,} × {y_value:,}: {count:,}</title></circle>"
        )
    parts.append(_label(left + width / 2, bottom + 36, x_title, "middle"))
    parts.append(
        f'<g transform="rotate(-90 12 {bottom - height / 2})">'
        f"{_label(12, bottom - height / 2, y_title, 'middle')}</g>"
    )
    return (
        f'<svg viewBox="0 0 {left + width + 20} {bottom + 44}" role="img" '
        f'aria-label="{text(what)}">{"".join(parts)}</svg>'
    )


def _label(x: float, y: float, words: str, anchor: Literal["middle", "end"]) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(words)}</text>'


def _step(top: int) -> int:
    """A round distance between ticks, so that there are about four up to ``top``."""
    size = 1
    while size * 50 <= top:
        size *= 10
    return next((n * size for n in (1, 2, 5, 10) if 5 * n * size >= top), 10 * size)
