"""What a section is made of: frozen values that know their words and numbers, and no place.

Every part has a key, by which a page may put something livelier in its place. Names and texts from
outside stand in them as they are; whoever draws them escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any, Literal

from pydantic import BaseModel

from core.evaluation.records import Score
from core.text import percent

Tone = Literal["good", "neutral", "caution", "bad"]
Kind = Literal["text", "line", "name", "prose", "count", "percent", "number", "interval", "yes"]


class Statement(BaseModel, frozen=True, extra="forbid"):
    """One thing to say.

    Attributes:
        key: which: ``headline``, ``baseline``, ``weakest``, ``sure``, ``collect``,
            ``without_images``, ``few_images``, ``wide``, ``left_out`` …
        text: one or two sentences; names in it are as people wrote them.
        tone: whether it is good news.
        about: names of classes it is about, by ``true`` and ``predicted``, for links; of ``sure``
            the ``threshold``.
        brief: the same without its reasons, for where there is less room; "" where nobody needs it.
    """

    key: str
    text: str
    tone: Tone = "neutral"
    about: dict[str, str] = {}
    brief: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        key: name for programs.
        title: for people.
        kind: of its values, which are None where there is none. ``text``, ``line`` (not to be
            broken), ``name`` (somebody's) and ``prose`` (sentences): str; ``count``: int;
            ``percent``: a share, 0 to 1; ``number``: float; ``interval``: (low, high), shares;
            ``yes``: bool.
        digits: after the point, of ``percent`` and ``number``.
        meaning: a sentence for whoever points at its head, or "".
        ends: what the two ends of an interval are called where each has a column of its own.
        bar: drawn as a bar too, where one can draw.
        of: what it shows of the thing that a row is about (:func:`rows`): the name of an attribute,
            dotted for one of that's, or a function; by default the attribute called as its key.
    """

    key: str
    title: str
    kind: Kind = "text"
    digits: int = 1
    meaning: str = ""
    ends: tuple[str, str] = ("from", "to")
    bar: bool = False
    of: str | Callable[[Any], Any] = ""

    @property
    def numeric(self) -> bool:
        return self.kind in ("count", "percent", "number")

    def written(self, value: Any) -> str:
        """A value as people read it."""
        if value is None:
            return "–"
        if self.kind == "count":
            return f"{value:,}"
        if self.kind == "percent":
            value = round(value, 9)  # of all but rounding nothing is said
            return percent(value, self.digits) if value >= 0 else f"−{percent(-value, self.digits)}"
        if self.kind == "number":
            return f"{value:.{self.digits}f}"
        if self.kind == "interval":
            return f"{percent(value[0], 0)} to {percent(value[1], 0)}"
        if self.kind == "yes":
            return "yes" if value else ""
        return str(value)


def shares(of: str) -> tuple[Column, ...]:
    """Columns of an attribute that is a :class:`~core.evaluation.records.Share`: how many are
    right, between what that likely lies, and of how many."""
    return (
        Column("accuracy", "right", "percent", of=f"{of}.share"),
        Column("likely", "likely between", "interval", ends=("low", "high"), of=f"{of}.bounds"),
        Column("correct", "of them right", "count", of=f"{of}.correct"),
        Column("images", "images", "count", of=f"{of}.images"),
    )


def rows(columns: Sequence[Column], things: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    """A row for each of some things, by what each column shows of one."""
    show = [each.of if callable(each.of) else attrgetter(each.of or each.key) for each in columns]
    return tuple(tuple(one(thing) for one in show) for thing in things)


# What a table is called where it has to be unfolded, and has no title of its own.
UNTITLED = "As a table"


@dataclass(frozen=True)
class Table:
    """Rows of values.

    Attributes:
        rows: one value a column.
        title: what it is, where it has to be unfolded.
        foot: more rows that sum up, as averages do.
        brief: positions of the rows to show where one can't scroll; all if None. With ``()`` the
            whole table is left out there: it is for whoever wants to know everything.
    """

    key: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = UNTITLED
    foot: tuple[tuple[Any, ...], ...] = ()
    brief: Sequence[int] | None = None

    def shown(self) -> list[tuple[Any, ...]]:
        """The rows to show where one can't scroll, and the foot."""
        positions = range(len(self.rows)) if self.brief is None else self.brief
        rows = [self.rows[at] for at in positions if at < len(self.rows)]
        return [*rows, *self.foot] if rows else []

    def written(self, row: Sequence[Any]) -> list[str]:
        """A row's values as people read them; nothing is written where a foot has nothing."""
        return [
            "" if value == "" else column.written(value)
            for column, value in zip(self.columns, row, strict=True)
        ]


@dataclass(frozen=True)
class Paragraph:
    """A sentence or more, as plain text."""

    key: str
    text: str


@dataclass(frozen=True)
class Note:
    """How something was found, or how to read it: in small print."""

    key: str
    text: str


@dataclass(frozen=True)
class Heading:
    """Within a section."""

    key: str
    text: str


@dataclass(frozen=True)
class Headline:
    """What to read if one reads one thing."""

    key: str
    statement: Statement


@dataclass(frozen=True)
class Statements:
    """Several things to say, each with its tone."""

    key: str
    items: tuple[Statement, ...]


@dataclass(frozen=True)
class Code:
    """Text to be copied as it is."""

    key: str
    language: str
    text: str


@dataclass(frozen=True)
class Scale:
    """A share with its interval on a line from 0 to 100 %, beside another one.

    Attributes:
        said: all of it in a sentence, for those who can't see it.
        base, base_said: what it is compared with, and what that is called.
    """

    key: str
    said: str
    value: float
    low: float
    high: float
    base: float
    base_said: str


@dataclass(frozen=True)
class Figures:
    """The few figures to show large.

    Attributes:
        again: whether a table of the section has them too.
    """

    key: str
    items: tuple[Score, ...]
    again: bool = False


@dataclass(frozen=True)
class Matrix:
    """How often each class is taken for each; ``counts``: rows true, columns predicted.

    Attributes:
        order: positions of the classes so that those mixed up lie side by side.
    """

    key: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: for the key.
        points: (x, y), by rising x; a gap where y is ``None``.
        colour: ``a``, ``b`` or ``c`` of the style sheet.
        dashed, dotted: how it is drawn; ``dotted`` shows the points too.
    """

    name: str
    points: Sequence[tuple[float, float | None]]
    colour: str = "a"
    dashed: bool = False
    dotted: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines over one axis.

    Attributes:
        said: describes it to those who can't see it.
        x, y: what the axes are called.
        percent: ``x``, ``y`` or ``xy``: axes of shares, written in per cent.
        whole: x has whole numbers only.
        diagonal: a thin line from corner to corner, where both axes agree.
        bands: (x, low, high): intervals, as thin upright lines.
        note: how to read it, in small print.
    """

    key: str
    said: str
    x: str
    y: str
    lines: tuple[Line, ...]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    percent: str = ""
    whole: bool = False
    diagonal: bool = False
    bands: tuple[tuple[float, float, float], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """One tested image, by its path in the set that was tested on.

    Attributes:
        row: its position in the answers, for what was found out about it.
        name: what stands below it; ``notes`` are lines below that.
    """

    path: str
    row: int
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """Tested images that belong together.

    Attributes:
        title: what they are; "" where the section says it. ``text`` says more.
        heat: shown beside what the model looked at, where that is known.
    """

    key: str
    items: tuple[Picture, ...]
    title: str = ""
    text: str = ""
    heat: bool = False


Part = (
    Paragraph
    | Note
    | Heading
    | Headline
    | Statements
    | Code
    | Scale
    | Figures
    | Matrix
    | Chart
    | Pictures
    | Table
)


@dataclass(frozen=True)
class Section:
    """Some parts under a title, which is "" for what needs none."""

    key: str
    title: str
    parts: tuple[Part, ...]

    def get(self, key: str) -> Part | None:
        """The part with this key, if it is there."""
        return next((part for part in self.parts if part.key == key), None)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values; each part says what it is in ``part``."""
        return {
            "key": self.key,
            "title": self.title,
            "parts": [{"part": type(part).__name__.lower(), **plain(part)} for part in self.parts],
        }


def plain(value: Any) -> Any:
    """A part, or what is in one, as JSON has it; a table's rows by the keys of their columns."""
    if isinstance(value, Table):
        keys = [column.key for column in value.columns]
        titles = {column.key: column.title for column in value.columns}
        rows, foot = (
            [dict(zip(keys, plain(row), strict=True)) for row in rows]
            for rows in (value.rows, value.foot)
        )
        return {"key": value.key, "title": value.title, "columns": titles, "rows": rows} | (
            {"foot": foot} if foot else {}
        )
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value
