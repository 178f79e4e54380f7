"""Labels in lists without a head, as benchmarks of vision have them: a line a picture, its file and
then its class (``val.txt``), or only classes in the order of numbered pictures; and lists of what
numbered classes, or WordNet's numbers for them, are called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from core.datasets.layout.names import nearest_first

MAX_BYTES = 200 * 1024**2
FILE, LABEL = "file", "class"
# So many of the lines must name a picture.
_MUST_NAME = 0.5
_SAMPLE = 2000
# What lists of names are called; those of the second row say it only together with the first.
_NAMES = re.compile(
    r"class|categor|label|name|synset|words|wnid|mapping|species|breed|genus|target|index",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SYNSET = re.compile(r"n\d{8}")
_IMAGENET = 1000


def lines_of(path: Path, *, comments: bool = True) -> list[str] | None:
    """Lines of a text that aren't empty; ``None`` if it is none, or too large.

    Args:
        comments: whether lines that begin with # are left out.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    if b"\0" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return None
    lines = (line.rstrip() for line in decoded(data).splitlines())
    return [line for line in lines if line.strip() and not (comments and line.startswith("#"))]


def decoded(data: bytes) -> str:
    """A text of whatever encoding, by its first bytes and by what fits."""
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def read_list(path: Path, is_here: Callable[[str], bool]) -> pd.DataFrame | None:
    """A list as a table: :data:`FILE` and, where there is more in a line, :data:`LABEL`; ``None``
    if its lines don't name pictures.

    Args:
        is_here: whether a name is one of a picture that is here.
    """
    lines = lines_of(path)
    if not lines:
        return None
    best: pd.DataFrame | None = None
    most = _MUST_NAME
    for rows in (
        _columns(lines),
        [tuple(line.rsplit(maxsplit=1)) for line in lines],
        [tuple(line.split(maxsplit=1)) for line in lines],
        [(line,) for line in lines],
    ):
        sample = rows[:_SAMPLE]
        share = sum(is_here(row[0]) for row in sample) / len(sample)
        if share > most:
            most = share
            best = _table(rows)
    return best if best is None or _says_something(best) else None


def _says_something(rows: pd.DataFrame) -> bool:
    """Whether these may be pictures with classes: not a few numbers that pictures are called by,
    too, as in what is annotated in one of them."""
    if len(set(rows[FILE])) < max(2, _MUST_NAME * len(rows)):
        return False
    if LABEL not in rows:
        return True
    # Whether there is something of a class in them (−1, 0, 1) doesn't say what else is.
    labels = set(rows[LABEL])
    return not (labels <= {"-1", "0", "1"} and "-1" in labels) and not all(
        re.fullmatch(r"-?\d*\.\d+", label) for label in labels
    )


def _columns(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The lines cut at every mark or blank that separates; at the first blank only where a class
    may have blanks in it."""
    marks = (mark for mark in "\t,;|" if all(mark in line for line in lines[:_SAMPLE]))
    separator = next(marks, None)
    rows = [tuple(part.strip().strip('"') for part in line.split(separator)) for line in lines]
    if separator is None:
        alike = len({len(row) for row in rows}) == 1
        if not alike or not all(_NUMBER.fullmatch(part) for row in rows for part in row[2:]):
            return [tuple(line.split(maxsplit=1)) for line in lines]
    return rows


def _table(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """The rows' first and second parts; what follows (boxes, other numbers) is not about classes,
    but where it says otherwise than the second, nobody knows which is the class."""
    files = [row[0] for row in rows]
    if not all(len(row) > 1 for row in rows):
        return pd.DataFrame({FILE: files})
    wide = min(map(len, rows))
    columns = {
        LABEL if at == 1 else f"column {at + 1}": [row[at] for row in rows] for at in range(1, wide)
    }
    return pd.DataFrame({FILE: files, **columns})


def in_order_of(stems: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether a list of classes may be meant in the order of pictures with these names: as many,
    and numbered without a gap."""
    if len(stems) != len(labels) or len(stems) < 4:
        return False
    numbers = [found[0] if (found := re.findall(r"\d+$", stem)) else "" for stem in stems]
    if not all(numbers):
        return False
    ordered = sorted(map(int, numbers))
    return ordered == list(range(ordered[0], ordered[0] + len(ordered)))


def named_classes(
    root: Path, names: Sequence[str], is_here: Callable[[str], bool], called: Sequence[str] = ()
) -> tuple[dict[str, str], set[str]]:
    """What classes are called by a list beside the pictures: by their numbers or synsets; and the
    file that says so.

    Args:
        is_here: whether a name is one of a picture, so that it is of no class.
        called: names of such lists, without their endings; by default whatever sounds like it.
    """
    for name in nearest_first(names):
        stem, _, suffix = name.rpartition("/")[2].rpartition(".")
        sounds = stem.lower() in called if called else bool(_NAMES.search(stem))
        if not sounds or f".{suffix.lower()}" not in (".txt", ".names", ".labels", ".json", ".csv"):
            continue
        path = root / name
        if suffix.lower() == "json":
            known = _of_json(path)
        else:
            known = _of_lines(lines_of(path) or [], head=suffix.lower() == "csv")
        if known and not any(map(is_here, list(known.values())[:_SAMPLE])):
            return known, {name}
    return {}, set()


_KEYED = re.compile(r"\"?(\d+|n\d{8})\"?(?:[ \t]+|[ \t]*[,:;=][ \t]*)(\S.*)$")


def _of_lines(lines: Sequence[str], *, head: bool) -> dict[str, str]:
    keyed = [_KEYED.match(line) for line in lines]
    if head and not all(keyed[:1]):
        keyed = keyed[1:]
    if keyed and all(keyed):
        known = {each[1]: _clean(each[2]) for each in keyed if each}
        if len(known) <= _IMAGENET and all(map(_SYNSET.fullmatch, known)):
            # There, a synset's number is that of its line.
            known |= {str(number): name for number, name in enumerate(list(known.values()))}
        return known
    if turned := _numbered_after(lines[1:] if head else lines):
        return turned
    if head or any(len(line) > 200 for line in lines):
        return {}  # another table, or prose
    return {str(number): _clean(line) for number, line in enumerate(lines)}


def _numbered_after(lines: Sequence[str]) -> dict[str, str]:
    """``airfield 0``, ``bakery 1``: names with their numbers after them; nothing of other lines."""
    found = [re.fullmatch(r"(.*?\S)[ \t]*[ \t,:;=][ \t]*(\d+)", line) for line in lines]
    known = {each[2]: _clean(each[1]) for each in found if each}
    first = 0 if "0" in known else 1
    whole = known.keys() == {str(number) for number in range(first, first + len(lines))}
    return known if lines and whole and len(set(known.values())) == len(lines) else {}


def _clean(name: str) -> str:
    return name.strip().strip("\"'").rstrip(",;").strip()


def _of_json(path: Path) -> dict[str, str]:
    """``{"0": "cat"}``, ``{"cat": 0}``, ``["cat", "dog"]``, or ImageNet's
    ``{"0": ["n01440764", "tench"]}``."""
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size < 2**24 else None
    except (OSError, ValueError, RecursionError):
        return {}
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return {str(at): each for at, each in enumerate(found)}
    if not isinstance(found, dict) or not found:
        return {}
    values = list(found.values())
    if all(isinstance(each, int) for each in values):
        return {str(number): str(name) for name, number in found.items()}
    if all(isinstance(each, list) and len(each) == 2 for each in values):
        numbered = {str(key): str(each[1]) for key, each in found.items()}
        return numbered | {str(each[0]): str(each[1]) for each in values}
    if all(isinstance(each, str) for each in values):
        return {str(key): each for key, each in found.items()}
    return {}


def is_number(label: str) -> bool:
    """Whether a class is called by a number, or by WordNet's."""
    return bool(label.isdecimal() or _SYNSET.fullmatch(label))


def called_by(labels: set[str], known: Mapping[str, str]) -> dict[str, str] | None:
    """What each of these classes is called; ``None`` where that isn't what ``known`` is about.

    Numbers may count from 0 or from 1: the list says which by its length.
    """
    if not known or not labels:
        return None
    if labels <= set(known):
        names = {label: known[label] for label in labels}
    elif all(label.isdigit() for label in labels) and {str(int(n) - 1) for n in labels} <= set(
        known
    ):
        # Only a list without numbers of its own is counted from 0 here.
        if "0" not in known or "0" in labels:
            return None
        names = {label: known[str(int(label) - 1)] for label in labels}
    else:
        return None
    return names if len(set(names.values())) == len(names) and all(names.values()) else None
