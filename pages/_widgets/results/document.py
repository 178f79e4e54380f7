"""Sections of results on a page: every part is drawn, unless a section puts in a livelier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import charts
from core.evaluation.document import parts
from core.evaluation.document.section import built, sections_for
from core.evaluation.records import Score
from core.text import escape, escape_html, percent
from pages._widgets.gallery import Tile, gallery
from pages._widgets.pictures import draw_svg
from pages._widgets.results.view import View, pictures

_ICONS = {
    "good": ":green[:material/check_circle:]",
    "neutral": ":gray[:material/info:]",
    "caution": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
}
_HOW_MANY = (
    "How many is a rule of thumb: errors are taken to fall with the square root of the number of "
    "training images, and the class to come down to the others' rate of errors; but no more than "
    "as many images again as it has."
)
Livelier = Mapping[str, Callable[[Any], None]]


def draw_group(
    view: View,
    group: str,
    own: Mapping[str, Callable[[View, parts.Section], None]] | None = None,
    *,
    divided: bool = False,
) -> None:
    """Draw the sections of a group.

    Args:
        own: what draws a section instead, by its key.
        divided: with a line between them.
    """
    for number, section in enumerate(built(view.result, "page", group)):
        if divided and number:
            st.divider()
        drawn = (own or {}).get(section.key)
        if drawn is not None:
            drawn(view, section)
        else:
            title(section)
            draw_parts(view, section.parts)


def tabs(known: Iterable[str]) -> dict[str, tuple[str, Callable[[View], None]]]:
    """Sections for pages that no tab of these draws: each group as a tab of its own."""
    found: dict[str, tuple[str, Callable[[View], None]]] = {}
    for each in sections_for("page"):
        if each.group not in known:
            found.setdefault(each.group, (each.title, partial(draw_group, group=each.group)))
    return found


def title(section: parts.Section) -> None:
    """A section's title, if it has one."""
    if section.title:
        st.header(section.title)


def draw_parts(view: View, shown: Iterable[parts.Part], livelier: Livelier | None = None) -> None:
    """Draw parts one below the other.

    Args:
        livelier: what draws a part instead, by its key.
    """
    for part in shown:
        drawn = (livelier or {}).get(part.key)
        if drawn is not None:
            drawn(part)
        elif isinstance(part, parts.Paragraph):
            st.markdown(escape(part.text))
        elif isinstance(part, parts.Note):
            st.caption(escape(part.text))
        elif isinstance(part, parts.Heading):
            st.markdown(f"**{escape(part.text)}**")
        elif isinstance(part, parts.Headline):
            st.markdown(f"## {escape(part.statement.text)}")
        elif isinstance(part, parts.Statements):
            for each in part.items:
                say(each)
        elif isinstance(part, parts.Code):
            st.code(part.text, language=part.language)
        elif isinstance(part, parts.Scale):
            draw_svg(_scale(part), key=view.key(part.key))
        elif isinstance(part, parts.Figures):
            _figures(part)
        elif isinstance(part, parts.Matrix):
            counts = [list(row) for row in part.counts]
            st.plotly_chart(charts.confusion(list(part.labels), counts, rates=False))
        elif isinstance(part, parts.Chart):
            _chart(part)
        elif isinstance(part, parts.Pictures):
            draw_pictures(view, part)
        else:
            draw_table(part)


def say(statement: parts.Statement) -> None:
    """A statement with a sign of its tone."""
    icon = ":blue[:material/add_a_photo:]" if statement.key == "collect" else _ICONS[statement.tone]
    st.markdown(
        f"{icon}\u2002{escape(statement.text)}",
        help=_HOW_MANY if statement.text.startswith("About ") else None,
    )


def _scale(part: parts.Scale) -> str:
    def at(share: float) -> str:
        # In per cent of the width, so that words keep their size on a phone.
        return f"{2 + share * 96:.2f}%"

    # Words beside the mark stay inside the drawing.
    side = "start" if part.base < 0.25 else "end" if part.base > 0.75 else "middle"
    base = at(part.base)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="100%" height="56" '
        'style="max-width:720px;display:block" font-family="inherit" font-size="14" '
        f'fill="currentColor" stroke-linecap="round"><title>{escape_html(part.said)}</title>'
        f'<line x1="{at(0)}" x2="{at(1)}" y1="18" y2="18" stroke="currentColor" '
        'stroke-opacity="0.2" stroke-width="6"/>'
        f'<line x1="{at(part.low)}" x2="{at(part.high)}" y1="18" y2="18" stroke="#56B4E9" '
        'stroke-width="12" stroke-opacity="0.75"/>'
        f'<circle cx="{at(part.value)}" cy="18" r="8" fill="#0072B2"/>'
        f'<line x1="{base}" x2="{base}" y1="7" y2="29" stroke="#E69F00" stroke-width="3"/>'
        f'<text x="{base}" y="50" text-anchor="{side}" fill-opacity="0.8">'
        f"{escape_html(part.base_said)}: {percent(part.base, 0)}</text></svg>"
    )


def _figures(part: parts.Figures) -> None:
    with st.container(horizontal=True, gap="small"):
        for score in part.items:
            st.metric(
                score.title,
                score.written,
                score.interval or None,
                delta_color="off",
                delta_arrow="off",
                help=_help(score),
                border=True,
                width=168 if len(part.items) > 2 else 230,
            )
    if any(score.interval for score in part.items):
        st.caption("Below each figure: where it likely lies (95 % interval).")


def _help(score: Score) -> str:
    better = "More is better." if score.better == "higher" else "Less is better."
    method = f" Interval: {score.method}." if score.interval else ""
    return f"{score.meaning} {better}{method}"


def _chart(part: parts.Chart) -> None:
    points = [(line.name, x, y) for line in part.lines for x, y in line.points]
    frame = pd.DataFrame(points, columns=["line", part.x, part.y])
    st.line_chart(frame, x=part.x, y=part.y, color="line")
    if part.note:
        st.caption(part.note)


def draw_pictures(view: View, part: parts.Pictures, key: str = "") -> None:
    """Images side by side, below what they are.

    Args:
        key: another than the one of the part.
    """
    table = view.predictions.table
    if part.title:
        st.markdown(f"**{escape(part.title)}**: {escape(part.text)}")
    shown = pictures(view, [each.path for each in part.items])
    gallery(
        [
            Tile(
                each.path,
                picture.data,
                each.name,
                title=f"{each.path}\ntrue: {row.label}\nanswer: {row.predicted}",
                tiny=picture.tiny,
            )
            for each, picture, row in zip(
                part.items,
                shown,
                table.iloc[[each.row for each in part.items]].itertuples(),
                strict=True,
            )
        ],
        key=key or view.key(f"pictures-{part.key}"),
        label=part.title or "Images",
        strip=True,
    )


def draw_table(part: parts.Table) -> None:
    """A table, folded away where it has a title; one with sentences as text that wraps."""
    if not part.rows:
        return
    place = st.expander(part.title) if part.title else st.container()
    with place:
        if any(column.kind == "prose" for column in part.columns):
            st.markdown(_as_text(part))
            return
        st.dataframe(frame(part, 100), hide_index=True, column_config=_config(part))
        for row in part.foot:
            said = zip(part.columns, row, part.written(row), strict=True)
            first, *rest = [(column, text) for column, value, text in said if value != ""]
            values = ", ".join(f"{column.title} {text}" for column, text in rest)
            st.caption(f"{first[1].capitalize()}: {values}.")


def frame(part: parts.Table, per: float = 1) -> pd.DataFrame:
    """A table's values; an interval has two columns.

    Args:
        per: what shares are of: 1, or 100 for per cent.
    """
    values: dict[str, list[Any]] = {}
    for at, column in enumerate(part.columns):
        own = [row[at] for row in part.rows]
        if column.kind == "interval":
            for end, name in enumerate(column.ends):
                values[name] = [None if each is None else each[end] * per for each in own]
        elif column.kind == "percent":
            values[column.key] = [None if each is None else each * per for each in own]
        else:
            values[column.key] = own
    return pd.DataFrame(values)


def _config(part: parts.Table) -> dict[str, Any]:
    return {
        name: _column(column, label, pinned=not at)
        for at, column in enumerate(part.columns)
        for name, label in (
            [(end, end) for end in column.ends]
            if column.kind == "interval"
            else [(column.key, column.title)]
        )
    }


def _column(column: parts.Column, label: str, *, pinned: bool) -> Any:
    about: dict[str, Any] = {"label": label, "help": column.meaning or None}
    if column.kind == "name":
        return st.column_config.TextColumn(pinned=pinned or None, **about)
    if column.kind in ("percent", "interval"):
        return st.column_config.NumberColumn(format=f"%.{column.digits}f %%", **about)
    if column.kind == "number":
        return st.column_config.NumberColumn(format=f"%.{column.digits}f", **about)
    return st.column_config.Column(**about)


def _as_text(part: parts.Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    marks = ["--:" if column.numeric else ":--" for column in part.columns]
    heads = [escape(column.title) for column in part.columns]
    rows = [line(escape(cell) for cell in part.written(row)) for row in (*part.rows, *part.foot)]
    return "\n".join([line(heads), line(marks), *rows])
