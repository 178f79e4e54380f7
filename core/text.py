"""Words for people, and other people's words made safe: numbers with their nouns, shares, sizes and
times, and names for where they are shown (a sentence, HTML, Markdown, a spreadsheet's cell)."""

from __future__ import annotations

import csv
import datetime
import difflib
import html
import io
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

# What Markdown, as Streamlit and GitHub read it, takes for a mark.
_PER_CENT = re.compile(r"(?<=\d) %")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
# What a spreadsheet takes for the beginning of a formula; the last four are full-width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """A number with its noun: ``1 class``, ``3 classes``.

    Args:
        nouns: the noun for any other number than one, where it isn't made by an s.
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def images(count: int) -> str:
    """``1 image``, ``2,062 images``."""
    return plural(count, "image")


def percent(share: float, digits: int = 1) -> str:
    """``97.3 %``; whole hundreds without decimals. Only none is written as 0 %, and only all as
    100 %: what is close to them gets digits until it is neither."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    for places in range(digits, 4):
        text = f"{share * 100:.{places}f}"
        if 0 < float(text) < 100:
            return f"{text} %"
    if 0 < share < 1:
        return "under 0.001 %" if share < 0.5 else "over 99.999 %"
    return f"{share * 100:.{digits}f} %"


def rate(share: float, of: int) -> str:
    """A share of so many images, as finely as they bear: ``97 %``, of 1,000 and more ``97.3 %``.
    All that is said of one share of images says it by this, so it is rounded alike everywhere."""
    return percent(share, 1 if of >= 1000 else 0)


def likely(low: float, high: float, of: int) -> str:
    """``likely between 91 % and 97 %``: the ends of an interval, as :func:`rate` writes them."""
    return f"likely between {rate(low, of)} and {rate(high, of)}"


def certainty(share: float) -> str:
    """How sure a model is of one answer, as finely as it is worth: what it is sure of was tried on
    some hundred images, so that the nines after the second say nothing."""
    return "over 99 %" if share > 0.99 else percent(share, 0)


def plain_number(value: float) -> str:
    """Two digits that count, as people write them: ``0.00008``, ``0.12``; never ``8e-05``."""
    return f"{Decimal(f'{value:.2g}'):f}"


def size(count: float) -> str:
    """Bytes as ``640 KB`` or ``1.2 MB``."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit != "MB" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def duration(seconds: float) -> str:
    """``8 s``, ``2 min 5 s``, ``1 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def ago(at: float) -> str:
    """``just now``, ``5 min ago``, ``3 h ago`` or a date; ``at`` in seconds since 1970."""
    seconds = time.time() - at
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    return datetime.datetime.fromtimestamp(at).strftime("%d %b %Y")


def date(at: float) -> str:
    """A day of this computer's calendar, of seconds since the epoch: ``26 December 2026``."""
    day = datetime.datetime.fromtimestamp(at)
    return f"{day.day} {day:%B %Y}"


def quoted(name: str) -> str:
    """A name, told apart from the words around it."""
    return f"“{name}”"


def listed(labels: Sequence[str], most: int = 4, others: str = "other classes") -> str:
    """``“a”, “b” and “c”``; ``“a”, “b”, “c” and 17 other classes`` where there are more. Of long
    names the middle is left out, so that it stays a sentence."""
    labels = [shorten(label) for label in labels]
    if len(labels) > most:
        shown = [quoted(label) for label in labels[: most - 1]]
        return f"{', '.join(shown)} and {len(labels) - len(shown):,} {others}"
    names = [quoted(label) for label in labels]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def meant(name: str, known: Iterable[str]) -> str:
    """``Did you mean “quick”?``, of what is written nearly like ``name``; "" if nothing is."""
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    near = difflib.get_close_matches(name.casefold(), folded, n=3)
    return f"Did you mean {' or '.join(quoted(folded[each]) for each in near)}?" if near else ""


def shorten(text: str, length: int = 40) -> str:
    """At most ``length`` characters, the middle left out."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def numbered(name: str) -> list[str]:
    """For sorting names with numbers in them: class 9 before class 10."""
    return [part.zfill(12) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def as_text(name: str) -> str:
    """``name`` with what isn't valid Unicode written out (``caf\\udce9``), to be shown."""
    return name.encode("utf-8", "backslashreplace").decode()


def escape(text: str) -> str:
    """Somebody's text inside Markdown, shown as it is written; no number loses its unit at the end
    of a line."""
    return _MARKDOWN.sub(r"\\\1", whole(text))


def code(text: str) -> str:
    """Somebody's text inside Markdown, as code: shown as it is written, nothing of it escaped."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    edge = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def whole(text: str) -> str:
    """``97 %`` with a space at which no line ends."""
    return _PER_CENT.sub("\u00a0%", text)


def apart(name: str) -> str:
    """A name that numbers may follow: one that is written from right to left keeps them in their
    place."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
        return f"\u2068{name}\u2069"
    return name


def escape_html(value: object) -> str:
    """Anything as text that is only text inside HTML."""
    return html.escape(as_text(str(value)))


def cell(text: str) -> str:
    """A cell of a table, so that no spreadsheet computes it."""
    text = as_text(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table for spreadsheets; ``None`` is an empty cell. What strangers have named goes through
    :func:`cell` before."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([heads, *rows])
    return out.getvalue()
