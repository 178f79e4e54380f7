"""Labels in tables beside the pictures: CSV, TSV, JSON lines (``metadata.jsonl``), Parquet, or
lists without a head (:mod:`core.datasets.layout.lists`).

Several are read as one where each is of a split. What classes are called that are numbers is found
in a list beside them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core.datasets.layout.lists import (
    FILE,
    LABEL,
    called_by,
    in_order_of,
    is_number,
    lines_of,
    named_classes,
    read_list,
)
from core.datasets.layout.lookup import Index, stem_of
from core.datasets.layout.names import nearest_first, split_in, split_of
from core.datasets.layout.table import (
    ONE_HOT,
    SAMPLE_ROWS,
    SUFFIXES,
    Table,
    as_label,
    comes_again,
    is_list_name,
    read_rows,
    understand,
)
from core.datasets.layout.values import Entry, FoundFile, Reading, Skipped, Split
from core.errors import InvalidInput
from core.text import shorten

# Beside so many texts none is a list of pictures.
_MOST_LISTS = 200
# A column of splits that the names of several tables make.
_BY_NAME = "the tables’ names"
_SAYS_CLASSES = re.compile(r"label|class|truth|synset|target", re.IGNORECASE)


def find_tables(root: Path, names: list[str], index: Index, *, named: bool = True) -> list[Table]:
    """The tables that name files which are here, the best first.

    Args:
        named: whether classes that are numbers are called as a list beside them says.
    """
    found = []
    for name in _candidates(names, index):
        near = index.near(name)
        rows = read_rows(root / name, near)
        if rows is None or rows.empty or len(rows.columns) < 2:
            continue
        table = understand(name, rows, near)
        if table is not None:
            found.append(table)
    found = _together(found) or found
    # Of a list, nobody can be asked for a column by its name.
    found = [table for table in found if table.labels or not is_list_name(table.name)]
    if not any(table.labels for table in found):
        found += _ordered(root, names, index)
    if named:
        found = [_called(root, names, table, index) for table in found]
    return sorted(found, key=_first)


def _first(table: Table) -> tuple[bool, int, int]:
    """Those with classes before others, those of more images before others; of lists of as many,
    those of finer classes: variants before families."""
    kinds = table.rows[table.labels].nunique() if table.is_list and table.labels else 0
    return (not table.labels, -len(table.rows), -kinds)


def _candidates(names: list[str], index: Index) -> list[str]:
    """Files that may be tables, the nearest first."""
    tables = [name for name in nearest_first(names) if name.lower().endswith(SUFFIXES)]
    lists = [name for name in tables if is_list_name(name) and not index.is_beside(name)]
    lists = lists[:_MOST_LISTS]
    return [name for name in tables if not is_list_name(name)] + lists


def _together(tables: list[Table]) -> list[Table]:
    """Tables of the same columns as one: ``train.csv`` and ``val.csv``, ``train/metadata.csv`` and
    ``test/metadata.csv``, with splits by their names; and those of one name in several folders.
    Others as before. Empty where there are none such."""
    ways = {
        (each.files, each.labels, _without_split(each.name))
        for each in tables
        if each.labels and not each.splits
    }
    joined: list[Table] = []
    for files, labels, stem in sorted(ways):
        alike = [
            table
            for table in tables
            if (table.files, table.splits) == (files, "") and labels in table.rows
        ]
        splits = {table.name: _split_of_table(table.name) for table in alike}
        # ``images_family_train.txt`` and ``images_variant_train.txt`` are of two kinds.
        kind = [table for table in alike if _without_split(table.name) == stem]
        some = [table for table in kind if splits[table.name]]
        there = [splits[table.name] for table in some]
        if len(some) < 2 or len(set(there)) < len(there) or "train" not in there:
            some = [table for table in alike if splits[table.name]]
            there = [splits[table.name] for table in some]
        if len(some) < 2 or len(set(there)) < len(there) or "train" not in there:
            some = [table for table in alike if _is_called_as_another(table, alike)]
        if len(some) < 2 or any(table.name in each.parts for table in some for each in joined):
            continue
        rows = [table.rows.assign(**{_BY_NAME: splits[table.name]}) for table in some]
        names = tuple(table.name for table in some)
        whole = pd.concat(rows, ignore_index=True)
        by_name = _BY_NAME if any(splits[name] for name in names) else ""
        called = f"{', '.join(names[:-1])} and {names[-1]}"
        joined.append(Table(called, whole, files, labels, by_name, (), names))
    used = {name for table in joined for name in table.parts}
    return [*joined, *(table for table in tables if table.name not in used)] if joined else []


def _without_split(name: str) -> str:
    """A table's name without what says a split: the same of ``train.csv`` and ``val.csv``."""
    return re.sub(r"[A-Za-z]+", lambda word: "" if split_of(word[0]) else word[0], name).lower()


def _split_of_table(name: str) -> Split:
    *folders, last = name.split("/")
    return split_in([stem_of(last), *folders])


def _is_called_as_another(table: Table, tables: list[Table]) -> bool:
    last = table.name.rpartition("/")[2]
    return sum(each.name.rpartition("/")[2] == last for each in tables) > 1


def _ordered(root: Path, names: list[str], index: Index) -> list[Table]:
    """A list of nothing but classes, in the order of numbered pictures, as ImageNet's validation
    pictures have it."""
    ordered = index.in_order
    stems = [stem_of(entry.parts[-1]) for entry in ordered]
    for name in names:
        if not is_list_name(name) or index.is_beside(name) or not _SAYS_CLASSES.search(name):
            continue
        labels = lines_of(root / name) or []
        if any(" " in label for label in labels[:SAMPLE_ROWS]) or not in_order_of(stems, labels):
            continue
        files = ["/".join(entry.parts) for entry in ordered]
        rows = pd.DataFrame({FILE: files, LABEL: labels})
        if comes_again(rows[LABEL]):
            said = f"{name} says the class of each image, in the order of their numbers"
            return [Table(name, rows, FILE, LABEL, "", (), (), said)]
    return []


def _called(root: Path, names: list[str], table: Table, index: Index) -> Table:
    """The table with classes as a list beside it calls its numbers."""
    if not table.labels or table.labels == ONE_HOT:
        return table
    labels = table.rows[table.labels].map(as_label)
    numbers = set(labels) - {""}
    if not all(map(is_number, numbers)):
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
    if all(map(is_list_name, table.used)):
        return says
    if table.labels == ONE_HOT:
        return f"{says}, in a column for each class"
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
    rows = read_rows(path, index.near(name))
    if rows is None:
        raise InvalidInput(
            "This table can't be read.",
            file=name,
            remedy="Save it as CSV, with a column of file names and one of classes.",
        )
    table = understand(name, rows, index.near(name))
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
    absent: set[str] = set()
    for row in table.rows.to_dict("records"):
        entry = index.find(row[table.files])
        if entry is None:
            absent.add(as_label(row[table.files]))
            continue
        label = as_label(row[table.labels])
        if not label:
            empty.add(entry.path)
        elif entry.path in taken:
            twice.add(entry.path)
        else:
            taken.add(entry.path)
            said = [as_label(row[table.splits])] if table.splits else entry.parts[:-1]
            files.append(entry.found(label, split_in(said)))
    skipped: list[Skipped] = []
    for entry in entries:
        if entry.path not in taken:
            several = "several classes, or none," if table.labels == ONE_HOT else "no class"
            why = f"has {several} for it" if entry.path in empty else "doesn't name it"
            skipped.append(entry.skipped(f"The table {table.name} {why}."))
    reason = table.said or _says(table)
    if table.splits == _BY_NAME:
        reason += ", and by their names what is trained on"
    elif table.splits:
        reason += f", and what is trained on in “{table.splits}”"
    if twice:
        some = f"{len(twice):,} files" if len(twice) > 1 else "one file"
        reason += f"; it names {some} more than once, of which the first row counts"
    if absent := absent - {""}:
        some = f"{len(absent):,} files that are" if len(absent) > 1 else "one file that is"
        reason += f"; it names {some} not here: {shorten(min(absent))}"
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
                    known.setdefault(entry.path, as_label(values[row]))
    return found


def splits_said(root: Path, names: list[str], index: Index) -> tuple[dict[str, Split], set[str]]:
    """What lists that are called ``train.txt``, ``val.txt`` … say of pictures: by path, and the
    lists. Nothing where one picture is in several, or none is for training."""
    said: dict[str, Split] = {}
    used: set[str] = set()
    for name in _candidates(names, index):
        split = split_of(stem_of(name.rpartition("/")[2]))
        if not (is_list_name(name) and split):
            continue
        near = index.near(name)
        rows = read_list(root / name, near.is_here)
        for value in [] if rows is None else rows[FILE]:
            if (entry := near.find(value)) is not None:
                if said.setdefault(entry.path, split) != split:
                    return {}, set()
                used.add(name)
    return (said, used) if "train" in said.values() else ({}, set())


def splits_in(found: list[Table], index: Index) -> tuple[dict[str, Split], set[str]]:
    """What the first of these tables that has splits, also for training, says of pictures: by
    path; and the files that it was made of."""
    for table in found:
        if not table.splits:
            continue
        said: dict[str, Split] = {}
        for file, split in zip(table.rows[table.files], table.rows[table.splits], strict=True):
            if (entry := index.find(file)) is not None:
                said.setdefault(entry.path, split_of(as_label(split)))
        if "train" in said.values():
            return said, {name for name in table.used if _split_of_table(name)} or {table.name}
    return {}, set()
