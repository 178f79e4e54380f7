"""Labels in a table beside the pictures: CSV, TSV, JSON lines (``metadata.jsonl``), Parquet, or a
list without a head (:mod:`core.datasets.layout.lists`).

Which column names the files and which the classes is found by what is in them: files by matching
names on the disk, classes by their column's name, or by being the one column of few values that
come again. A column of splits is used where there is one.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from core.datasets.layout.lists import (
    FILE,
    LABEL,
    called_by,
    in_order_of,
    lines_of,
    named_classes,
    read_list,
)
from core.datasets.layout.names import clean_label, split_of
from core.datasets.layout.together import names_a_group
from core.datasets.layout.values import Entry, FoundFile, Reading, Skipped, Split
from core.errors import InvalidInput

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".txt")
# What a column is called that says which of many columns, one a class, holds the 1.
_ONE_HOT = "one column a class"
MAX_BYTES = 200 * 1024**2
_LABELS = (
    *("label", "labels", "class", "classes", "category", "target", "class_name", "classname"),
    *("label_name", "y", "species", "breed", "diagnosis", "dx", "tag", "type", "kind", "name"),
)
_SPLITS = ("split", "set", "subset", "partition", "dataset", "usage", "fold")
# So many of a table's rows must name a file that is here, or it is about something else.
_ROWS_MUST_MATCH = 0.5
_SAMPLE_ROWS = 2000
# Beside so many texts none is a list of pictures.
_MOST_LISTS = 200
# A column of splits that the names of several tables make.
_BY_NAME = "the tables’ names"
_SAYS_CLASSES = re.compile(r"label|class|truth|synset|target", re.IGNORECASE)
_SYNSET = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Table:
    """A table that names files which are here.

    Attributes:
        name: its path below the root.
        files: name of the column of files; ``labels``, ``splits``: of classes and splits, or "".
        candidates: columns that may be the classes, where none is by its name.
        parts: the files that it was made of, where it isn't the one that it is called by.
        said: what says the classes, where it isn't a column.
    """

    name: str
    rows: pd.DataFrame
    files: str
    labels: str
    splits: str
    candidates: tuple[str, ...]
    parts: tuple[str, ...] = ()
    said: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it has no head, so that only guesses say what is in it."""
        return all(map(_is_list, self.used))

    @property
    def used(self) -> frozenset[str]:
        """The files that it was made of."""
        return frozenset(self.parts or [self.name])


class Index:
    """Finds pictures by what a table or an annotation calls them."""

    def __init__(self, entries: list[Entry]) -> None:
        self._by_path = {"/".join(entry.parts): entry for entry in entries}
        self._by_name = self._unique(entries, stem=False)
        self._by_stem = self._unique(entries, stem=True)
        self._stems = {_stem(entry.parts[-1]) for entry in entries}
        self._entries = entries

    @staticmethod
    def _unique(entries: list[Entry], *, stem: bool) -> dict[str, Entry]:
        def name(entry: Entry) -> str:
            last = entry.parts[-1]
            return _stem(last) if stem else last

        counts = Counter(map(name, entries))
        return {name(entry): entry for entry in entries if counts[name(entry)] == 1}

    def find(self, value: object) -> Entry | None:
        """The picture of this path, name, or name without its ending."""
        text = str(value).strip().replace("\\", "/").removeprefix("./")
        name = text.rpartition("/")[2]
        for known, key in (
            (self._by_path, text),
            (self._by_whole_stem, text),
            (self._by_name, name),
            (self._by_stem, name),
            (self._by_stem, name.rpartition(".")[0]),
        ):
            if key and (entry := known.get(key)) is not None:
                return entry
        # A list that was made elsewhere: ``/home/somebody/data/cat/1.jpg``.
        parts = text.split("/")
        return self._by_end.get("/".join(parts[-2:])) if len(parts) > 1 else None

    def is_here(self, value: object) -> bool:
        """Whether there is such a picture."""
        return self.find(value) is not None

    def is_beside(self, name: str) -> bool:
        """Whether a file is called as a picture is, and so is about that one."""
        return _stem(name.rpartition("/")[2]) in self._stems

    @property
    def in_order(self) -> list[Entry]:
        """The pictures in the order of their names."""
        return sorted(self._entries, key=lambda entry: entry.parts[-1])

    @cached_property
    def _by_whole_stem(self) -> dict[str, Entry]:
        found = {_stem("/".join(entry.parts)): entry for entry in self._entries}
        return found if len(found) == len(self._entries) else {}

    @cached_property
    def _by_end(self) -> dict[str, Entry]:
        ends = Counter("/".join(entry.parts[-2:]) for entry in self._entries)
        return {
            end: entry
            for entry in self._entries
            if ends[end := "/".join(entry.parts[-2:])] == 1 and len(entry.parts) > 1
        }


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def find_tables(root: Path, names: list[str], index: Index, *, named: bool = True) -> list[Table]:
    """The tables that name files which are here, the best first.

    Args:
        named: whether classes that are numbers are called as a list beside them says.
    """
    found = []
    for name in _candidates(names, index):
        rows = _read(root / name, index)
        if rows is None or rows.empty or len(rows.columns) < 2:
            continue
        table = _understand(name, rows, index)
        if table is not None:
            found.append(table)
    found = _together(found) or found
    # Of a list, nobody can be asked for a column by its name.
    found = [table for table in found if table.labels or not _is_list(table.name)]
    if not any(table.labels for table in found):
        found += _ordered(root, names, index)
    if named:
        found = [_called(root, names, table, index) for table in found]
    return sorted(found, key=lambda table: (not table.labels, -len(table.rows)))


def _is_list(name: str) -> bool:
    return name.lower().endswith(".txt")


def _candidates(names: list[str], index: Index) -> list[str]:
    """Files that may be tables, the nearest first."""
    near = sorted(names, key=lambda each: (each.count("/"), each))
    tables = [name for name in near if name.lower().endswith(SUFFIXES)]
    lists = [name for name in tables if _is_list(name) and not index.is_beside(name)]
    lists = lists[:_MOST_LISTS]
    return [name for name in tables if not _is_list(name)] + lists


def _together(tables: list[Table]) -> list[Table]:
    """``train.csv`` and ``val.csv``, of the same columns, as one table with splits; others as
    before. Empty where there are none such."""
    named = {table.name: split_of(_stem(table.name.rpartition("/")[2])) for table in tables}
    ways = {(each.files, each.labels) for each in tables if each.labels and not each.splits}
    joined: list[Table] = []
    for files, labels in ways:
        some = [
            table
            for table in tables
            if named[table.name]
            and (table.files, table.splits) == (files, "")
            and labels in table.rows
            and not any(table.name in each.parts for each in joined)
        ]
        splits = [named[table.name] for table in some]
        if len(some) > 1 and len(set(splits)) == len(splits) and "train" in splits:
            rows = [
                table.rows.assign(**{_BY_NAME: split})
                for table, split in zip(some, splits, strict=True)
            ]
            names = tuple(table.name for table in some)
            whole = pd.concat(rows, ignore_index=True)
            joined.append(Table(_named(names), whole, files, labels, _BY_NAME, (), names))
    used = {name for table in joined for name in table.parts}
    return [*joined, *(table for table in tables if table.name not in used)] if joined else []


def _named(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _ordered(root: Path, names: list[str], index: Index) -> list[Table]:
    """A list of nothing but classes, in the order of numbered pictures, as ImageNet's validation
    pictures have it."""
    ordered = index.in_order
    stems = [_stem(entry.parts[-1]) for entry in ordered]
    for name in names:
        if not _is_list(name) or index.is_beside(name) or not _SAYS_CLASSES.search(name):
            continue
        labels = lines_of(root / name) or []
        if any(" " in label for label in labels[:_SAMPLE_ROWS]) or not in_order_of(stems, labels):
            continue
        files = ["/".join(entry.parts) for entry in ordered]
        rows = pd.DataFrame({FILE: files, LABEL: labels})
        if _comes_again(rows[LABEL]):
            said = f"{name} says the class of each image, in the order of their numbers"
            return [Table(name, rows, FILE, LABEL, "", (), (), said)]
    return []


def _called(root: Path, names: list[str], table: Table, index: Index) -> Table:
    """The table with classes as a list beside it calls its numbers."""
    if not table.labels or table.labels == _ONE_HOT:
        return table
    labels = table.rows[table.labels].map(_text)
    numbers = set(labels) - {""}
    if not all(label.isdigit() or _SYNSET.fullmatch(label) for label in numbers):
        return table
    beside = [name for name in names if name not in table.used and not index.is_beside(name)]
    known, where = named_classes(root, beside, index.is_here)
    called = called_by(numbers, known)
    if called is None:
        return table
    (source,) = where
    said = table.said or _says(table)
    return replace(
        table,
        rows=table.rows.assign(**{table.labels: labels.map(lambda label: called.get(label, ""))}),
        parts=(*sorted(table.used), source),
        said=f"{said}, and {source} what the classes are called",
    )


def _says(table: Table) -> str:
    says = f"{table.name} {'says' if len(table.used) == 1 else 'say'} the class of each file"
    if all(map(_is_list, table.used)):
        return says
    return f"{says}, in {'its' if len(table.used) == 1 else 'their'} column “{table.labels}”"


def read_table(root: Path, name: str, index: Index, labels: str | None, names: list[str]) -> Table:
    """The table that a person named.

    Args:
        names: files beside it, of which one may say what its classes are called.

    Raises:
        InvalidInput: it isn't there, can't be read, names no file that is here, or lacks a column.
    """
    path = root / name
    if not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        raise InvalidInput("That table is not in this folder.", file=name)
    rows = _read(path, index)
    if rows is None:
        raise InvalidInput(
            "This table can't be read.",
            file=name,
            remedy="Save it as CSV, with a column of file names and one of classes.",
        )
    table = _understand(name, rows, index)
    if table is None:
        raise InvalidInput(
            "No column of this table names the images in this folder.",
            file=name,
            remedy="One column must hold the files' names, as they are here.",
        )
    if labels is not None:
        if labels not in rows.columns:
            columns = ", ".join(map(str, rows.columns))
            raise InvalidInput(
                f"This table has no column “{labels}”.", file=name, remedy=f"It has: {columns}."
            )
        return Table(table.name, rows, table.files, labels, table.splits, ())
    if not table.labels:
        raise unsure(table)
    return _called(root, names, table, index)


def unsure(table: Table) -> InvalidInput:
    """That nobody can know which column holds the classes."""
    columns = ", ".join(table.candidates) or "none with values that come again"
    return InvalidInput(
        "This table names the images, but not which of its columns is the class.",
        file=table.name,
        remedy=f"Say which, with --labels COLUMN. It may be one of: {columns}.",
    )


def by_table(entries: list[Entry], table: Table, index: Index) -> Reading:
    """Classes, and splits where there are any, as a table has them."""
    files: list[FoundFile] = []
    taken: set[str] = set()
    twice: set[str] = set()
    empty: set[str] = set()
    for row in table.rows.to_dict("records"):
        entry = index.find(row[table.files])
        if entry is None:
            continue
        label = _text(row[table.labels])
        if not label:
            empty.add(entry.path)
        elif entry.path in taken:
            twice.add(entry.path)
        else:
            taken.add(entry.path)
            files.append(entry.found(label, _split(row, table, entry)))
    skipped: list[Skipped] = []
    for entry in entries:
        if entry.path not in taken:
            why = "has no class for it" if entry.path in empty else "doesn't name it"
            skipped.append(entry.skipped(f"The table {table.name} {why}."))
    reason = table.said or _says(table)
    if table.splits == _BY_NAME:
        reason += ", and by their names what is trained on"
    elif table.splits:
        reason += f", and what is trained on in “{table.splits}”"
    if twice:
        some = f"{len(twice):,} files" if len(twice) > 1 else "one file"
        reason += f"; it names {some} more than once, of which the first row counts"
    return Reading("table", files, skipped, reason + ".", table.used)


def columns(root: Path, names: list[str], entries: list[Entry]) -> dict[str, dict[str, str]]:
    """What tables say of the pictures, besides their classes: column → path → value, as text.

    Of columns of the same name in several tables the first that knows a picture counts.
    """
    index = Index(entries)
    found: dict[str, dict[str, str]] = {}
    for table in find_tables(root, names, index):
        here = [(row, entry) for row, entry in enumerate(map(index.find, table.rows[table.files]))]
        for column in table.rows.columns:
            if column in (table.files, table.labels):
                continue
            values = table.rows[column].tolist()
            known = found.setdefault(column, {})
            for row, entry in here:
                if entry is not None and not isinstance(values[row], dict | list | bytes):
                    known.setdefault(entry.path, _text(values[row]))
    return found


def splits_said(root: Path, names: list[str], index: Index) -> tuple[dict[str, Split], set[str]]:
    """What lists that are called ``train.txt``, ``val.txt`` … say of pictures: by path, and the
    lists. Nothing where one picture is in several, or none is for training."""
    said: dict[str, Split] = {}
    used: set[str] = set()
    for name in _candidates(names, index):
        split = split_of(_stem(name.rpartition("/")[2]))
        if not (_is_list(name) and split):
            continue
        rows = read_list(root / name, index.is_here)
        for value in [] if rows is None else rows[FILE]:
            if (entry := index.find(value)) is not None:
                if said.setdefault(entry.path, split) != split:
                    return {}, set()
                used.add(name)
    return (said, used) if "train" in said.values() else ({}, set())


def _split(row: Mapping[Hashable, Any], table: Table, entry: Entry) -> Split:
    if table.splits:
        return split_of(_text(row[table.splits]))
    for part in entry.parts[:-1]:
        if split := split_of(part):
            return split
    return ""


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    text = str(value).strip()
    return "" if text.lower() in ("nan", "none", "<na>") else clean_label(text)


def _read(path: Path, index: Index) -> pd.DataFrame | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        suffix = path.suffix.lower()
        if suffix == ".txt":
            return read_list(path, index.is_here)
        if suffix == ".parquet":
            rows = pd.read_parquet(path)
        elif suffix == ".json":
            rows = _records(json.loads(path.read_bytes()))
        elif suffix in (".jsonl", ".ndjson"):
            rows = pd.read_json(path, lines=True, dtype=False)
        else:
            text = _decoded(path.read_bytes())
            separator = "\t" if suffix == ".tsv" else _separator(text)
            rows = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, engine="c"
            )
    except Exception:
        # Whatever a damaged table makes its parser raise: it is no table then.
        return None
    rows.columns = [str(column).strip() for column in rows.columns]
    return rows.loc[:, ~rows.columns.duplicated()]


def _records(found: Any) -> pd.DataFrame:
    """A list of records, or names with their classes; whatever else makes no table."""
    if isinstance(found, dict) and found and all(isinstance(v, str | int) for v in found.values()):
        return pd.DataFrame({"file": list(found), "label": [str(v) for v in found.values()]})
    if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
        return pd.DataFrame(found)
    raise ValueError("no table")


def _with_head(rows: pd.DataFrame, index: Index) -> pd.DataFrame:
    """The table; where its first row is no head but names a picture, with one."""
    if not any(index.find(column) is not None for column in rows.columns):
        return rows
    first = pd.DataFrame([list(rows.columns)], columns=rows.columns)
    whole = pd.concat([first, rows.astype(str)], ignore_index=True)
    return whole.set_axis([f"column {n}" for n in range(1, len(rows.columns) + 1)], axis=1)


def _one_hot(rows: pd.DataFrame, columns: list[str]) -> pd.Series | None:
    """Classes of a table with one column a class, of which one is 1 and all others 0."""
    numbers = rows[columns].apply(pd.to_numeric, errors="coerce")
    good = [name for name in columns if numbers[name].isin([0, 1]).all() and numbers[name].any()]
    if len(good) < 2 or not (numbers[good].sum(axis=1) == 1).all():
        return None
    return numbers[good].idxmax(axis=1)


def _boxed(rows: pd.DataFrame, columns: list[str]) -> Table | None:
    """Classes of a column of boxes, each with its class before it: ``n01440764 3 5 200 190``."""
    for column in columns:
        words = rows[column].map(_text).str.split()
        if not words.map(lambda each: len(each) >= 5 and len(each) % 5 == 0).all():
            continue
        classes = words.map(lambda each: each[0] if len({*each[::5]}) == 1 else "")
        if _comes_again(classes):
            return Table("", rows.assign(**{column: classes}), "", column, "", ())
    return None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def _separator(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:65536], delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def _understand(name: str, rows: pd.DataFrame, index: Index) -> Table | None:
    rows = _with_head(rows, index)
    sample = rows.head(_SAMPLE_ROWS)
    matched = {
        str(column): sum(index.find(value) is not None for value in sample[column]) / len(sample)
        for column in rows.columns
        if not isinstance(sample[column].iloc[0], dict | list | bytes)
    }
    if not matched or max(matched.values()) < _ROWS_MUST_MATCH:
        return None
    files = max(matched, key=lambda column: matched[column])
    others = [str(column) for column in rows.columns if column != files]
    by_name = {column.lower().replace(" ", "_"): column for column in others}
    splits = next(
        (by_name[key] for key in _SPLITS if key in by_name and _is_split(rows[by_name[key]])), ""
    )
    few = [column for column in others if column != splits and _comes_again(rows[column])]
    labels = next((by_name[key] for key in _LABELS if by_name.get(key) in few), "")
    if not labels and not few and (boxed := _boxed(rows, others)):
        return replace(boxed, name=name, files=files, splits=splits)
    if not labels and len(few) != 1 and (classes := _one_hot(rows, others)) is not None:
        return Table(name, rows.assign(**{_ONE_HOT: classes}), files, _ONE_HOT, splits, ())
    if not labels and len(few) == 1 and not names_a_group(few[0]):
        labels = few[0]
    return Table(name, rows, files, labels, splits, tuple(few))


def _is_split(column: pd.Series) -> bool:
    values = {_text(value) for value in column.unique()[:20]} - {""}
    return bool(values) and all(split_of(value) for value in values)


def _comes_again(column: pd.Series) -> bool:
    try:
        values = column.map(_text)
    except TypeError:
        return False
    filled = values[values != ""]
    number = filled.nunique()
    return 2 <= number <= max(2, len(filled) // 2)
