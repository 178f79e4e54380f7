"""One table beside the pictures: read from its file, and its columns understood.

Which column names the files and which the classes is found by what is in them: files by matching
names on the disk, classes by their column's name, or by being the one column of few values that
come again. A column of splits is used where there is one.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.datasets.layout.lists import decoded, read_list
from core.datasets.layout.lookup import Index
from core.datasets.layout.names import clean_label, split_of
from core.datasets.layout.together import names_a_group

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".txt")
# What a column is called that says which of many columns, one a class, holds the 1.
ONE_HOT = "one column a class"
MAX_BYTES = 200 * 1024**2
_LABELS = (
    *("label", "labels", "class", "classes", "category", "target", "class_name", "classname"),
    *("label_name", "y", "species", "breed", "diagnosis", "dx", "tag", "type", "kind", "name"),
    *("class_id", "classid", "label_id", "category_name", "category_id"),
)
# What a column is called whose numbers are pictures' names without the zeros before them.
_NUMBERED = ("id", "image", "image_id", "imageid", "img", "file", "filename", "file_name", "name")
_SPLITS = ("split", "set", "subset", "partition", "dataset", "data_set", "usage", "ml_use", "fold")
# What columns are called whose names nobody wrote, with their numbers.
_NO_HEAD = "column "
# What is no class, whatever is in it.
_FOLDS = ("fold", "folds", "kfold")
# So many of a table's rows must name a file that is here, or it is about something else.
_ROWS_MUST_MATCH = 0.5
SAMPLE_ROWS = 2000
_ONE_OF_SEVERAL = 0.5


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
        return all(map(is_list_name, self.used))

    @property
    def used(self) -> frozenset[str]:
        """The files that it was made of."""
        return frozenset(self.parts or [self.name])


def is_list_name(name: str) -> bool:
    return name.lower().endswith(".txt")


def read_rows(path: Path, index: Index) -> pd.DataFrame | None:
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
            text = decoded(path.read_bytes())
            separator = "\t" if suffix == ".tsv" else _separator(text)
            if told := re.match(r"sep=(.)\r?\n", text):  # as Excel begins some
                text, separator = text[told.end() :], told[1]
            rows = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, engine="c"
            )
            head = next(csv.reader(io.StringIO(text), delimiter=separator), [])
            if len(head) == len(rows.columns):
                rows.attrs["head"] = head
    except Exception:
        # Whatever a damaged table makes its parser raise: it is no table then.
        return None
    rows.columns = [str(column).strip() for column in rows.columns]
    return rows.loc[:, ~rows.columns.duplicated()]


def _records(found: Any) -> pd.DataFrame:
    """A list of records, or names with their classes; whatever else makes no table."""
    if isinstance(found, dict) and isinstance(found.get("labels"), dict):
        known, names = found["labels"], found.get("classes")
        if isinstance(names, list) and all(isinstance(each, int) for each in known.values()):
            known = {file: names[number] for file, number in known.items()}
        return _records(known)
    if isinstance(found, dict) and found and all(isinstance(v, str | int) for v in found.values()):
        return pd.DataFrame({"file": list(found), "label": [str(v) for v in found.values()]})
    if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
        return pd.DataFrame(found)
    raise ValueError("no table")


def _with_head(rows: pd.DataFrame, index: Index) -> pd.DataFrame:
    """The table; where its first row is no head but names a picture, with one."""
    if not any(index.find(column) is not None for column in rows.columns):
        return rows
    # Of values that are there twice, a reader makes different names of columns.
    values = rows.attrs.get("head", list(rows.columns))
    first = pd.DataFrame([values], columns=rows.columns)
    whole = pd.concat([first, rows.astype(str)], ignore_index=True)
    return whole.set_axis([f"{_NO_HEAD}{n}" for n in range(1, len(rows.columns) + 1)], axis=1)


def _as_wide(rows: pd.DataFrame, index: Index) -> pd.DataFrame:
    """The table with the zeros that spreadsheets take off numbers: 7 for ``00007.jpg``."""
    if not index.width:
        return rows
    for column in rows.columns:
        if str(column).lower().replace(" ", "_") not in _NUMBERED:
            continue
        values = rows[column].astype(str)
        if values.str.fullmatch(r"\d+").all() and not values.map(index.is_here).any():
            return rows.assign(**{column: values.str.zfill(index.width)})
    return rows


def _one_hot(rows: pd.DataFrame, columns: list[str]) -> pd.Series | None:
    """Classes of a table with one column a class, of which one is 1 and all others 0."""
    numbers = rows[columns].apply(pd.to_numeric, errors="coerce")
    good = [name for name in columns if numbers[name].isin([0, 1]).all() and numbers[name].any()]
    if len(good) < 2:
        return None
    one = numbers[good].sum(axis=1) == 1
    # Where a picture may be of several, all columns must be such; those of one class can be used.
    if not one.all() and (len(good) < len(columns) or one.mean() < _ONE_OF_SEVERAL):
        return None
    return numbers[good].idxmax(axis=1).where(one, "")


def _boxed(rows: pd.DataFrame, columns: list[str]) -> Table | None:
    """Classes of a column of boxes, each with its class before it: ``n01440764 3 5 200 190``."""
    for column in columns:
        words = rows[column].map(as_label).str.split()
        if not words.map(lambda each: len(each) >= 5 and len(each) % 5 == 0).all():
            continue
        classes = words.map(lambda each: each[0] if len({*each[::5]}) == 1 else "")
        if comes_again(classes):
            return Table("", rows.assign(**{column: classes}), "", column, "", ())
    return None


def _separator(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:65536], delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def understand(name: str, rows: pd.DataFrame, index: Index) -> Table | None:
    rows = _as_wide(_with_head(rows, index), index)
    sample = rows.head(SAMPLE_ROWS)
    if sample.empty:
        return None
    shares: dict[str, float] = {}
    pictures: dict[str, int] = {}
    for column in rows.columns:
        if isinstance(sample[column].iloc[0], dict | list | bytes):
            continue
        here = [entry.path for value in sample[column] if (entry := index.find(value))]
        shares[str(column)], pictures[str(column)] = len(here) / len(sample), len({*here})
    matched = [column for column, share in shares.items() if share >= _ROWS_MUST_MATCH]
    if not matched:
        return None
    # A column of few numbers may be called as a few pictures are, too.
    files = max(matched, key=lambda column: (pictures[column], shares[column]))
    others = [str(column) for column in rows.columns if column != files]
    by_name = {column.lower().replace(" ", "_"): column for column in others}
    splits = next(
        (by_name[key] for key in _SPLITS if key in by_name and _is_split(rows[by_name[key]])), ""
    )
    if not splits and files.startswith(_NO_HEAD):
        splits = next((column for column in others if _is_split(rows[column])), "")
    few = [
        column
        for column in others
        if column != splits
        and column.lower() not in _FOLDS
        and not isinstance(sample[column].iloc[0], dict | list | bytes)
        and comes_again(rows[column])
    ]
    labels = next((by_name[key] for key in _LABELS if by_name.get(key) in few), "")
    found = [index.find(value) for value in rows[files]]
    rows = rows.assign(
        **{
            files: [
                value if entry is None else "/".join(entry.parts)
                for value, entry in zip(rows[files], found, strict=True)
            ]
        }
    )
    if not labels and not few and (boxed := _boxed(rows, others)):
        return replace(boxed, name=name, files=files, splits=splits)
    if not labels and (classes := _one_hot(rows, others)) is not None:
        return Table(name, rows.assign(**{ONE_HOT: classes}), files, ONE_HOT, splits, ())
    if not labels and len(few) == 1 and not names_a_group(few[0]):
        labels = few[0]
    return Table(name, rows, files, labels, splits, tuple(few))


def _is_split(column: pd.Series) -> bool:
    values = {as_label(value) for value in column.unique()[:20]} - {""}
    return bool(values) and all(split_of(value) for value in values)


def comes_again(column: pd.Series) -> bool:
    try:
        values = column.map(as_label)
    except TypeError:
        return False
    filled = values[values != ""]
    number = filled.nunique()
    return 2 <= number <= max(2, len(filled) // 2)


def _only_value(text: str) -> str:
    """What ``{"class": "cat"}`` says, as some tools write a cell; any other text as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    values = list(found.values()) if isinstance(found, dict) else []
    return values[0] if len(values) == 1 and isinstance(values[0], str) else text


def as_label(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    text = str(value).strip()
    if text[:1] == "{" and text[-1:] == "}":
        text = _only_value(text)
    return "" if text.lower() in ("nan", "none", "<na>") else clean_label(text)
