"""The readings of a folder that make sense: which is chosen, for what reason, and which is as
likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from core.datasets.layout import folders, tables
from core.datasets.layout.annotations import Annotations, by_annotations, by_boxes
from core.datasets.layout.box_files import CORNERS, is_of_boxes
from core.datasets.layout.file_names import by_names
from core.datasets.layout.labels import in_words, renames
from core.datasets.layout.lookup import Index
from core.datasets.layout.masks import masks_beside
from core.datasets.layout.names import clean_label, split_of
from core.datasets.layout.table import Table
from core.datasets.layout.together import tells
from core.datasets.layout.values import MARGIN, MEANINGS, Choice, Kind, Reading, Skipped, named
from core.datasets.layout.walked import Walked, nothing_said
from core.errors import InvalidInput

# A table that says the class of so many of the pictures is meant to.
_TABLE_COVERS = 0.8
# So many annotated pictures must be of one class each, to be taken as a whole.
_ONE_CLASS = 0.8
# Columns that are offered as classes.
_COLUMNS = 6
# From so large a part of equal labels on, a table only repeats what folders say.
_SAME = 0.95


class Judgement:
    """What is made of all that lies in a folder.

    Attributes:
        prefix: names of the wrapping folders.
        entries: the pictures below them, without those that are called like masks of others unless
            somebody said that they are images.
        doubt: why it may be meant otherwise; known once it is read.
        had: what says which images the dataset had before: their classes by their paths.
    """

    def __init__(
        self,
        root: Path,
        walked: Walked,
        choice: Choice,
        tables_at: Path,
        had: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self.root, self.walked, self.choice = root, walked, choice
        self.had = had
        # Where tables are read: in the folder itself, or in a copy of those in a bucket.
        self.tables_at = tables_at
        whole = folders.tree(walked.entries)
        self.prefix = folders.wrapping(whole)
        self.top = whole.at(self.prefix)
        depth = len(self.prefix)
        self.entries = [
            entry._replace(parts=entry.parts[depth:]) if depth else entry
            for entry in walked.entries
            if entry.parts[:depth] == self.prefix
        ]
        self.doubt = ""
        self.masks = {} if choice.masks == "images" else masks_beside(self.entries)
        if self.masks:
            self.entries = [entry for entry in self.entries if entry.path not in self.masks]
            self.top = folders.tree(self.entries)

    def read(self) -> tuple[Reading, list[Reading]]:
        """The reading that a person chose, or the likeliest; and others that make sense.

        Raises:
            InvalidInput: nothing says what the classes are, or what was chosen isn't possible.
        """
        chosen, others = self._chosen() if self.choice.kind else self._judged()
        chosen, others = self._without_masks(chosen, others) if self.masks else (chosen, others)
        return in_words(chosen, self.entries, self.tables_at, self.walked.tables, self.had), others

    def _without_masks(
        self, chosen: Reading, others: list[Reading]
    ) -> tuple[Reading, list[Reading]]:
        """Readings that leave masks out, and the one that takes them for images, where it does: a
        person must say which is meant. Until then those that were images stay what they were."""
        left = [
            Skipped(path, f"It is called like a mask of “{of.rpartition('/')[2]}”.")
            for path, of in self.masks.items()
        ]
        if self.choice.masks is None:
            labels = self.choice.labels or chosen.labels
            choice = replace(self.choice, masks="images", labels=labels or None)
            with_masks = Judgement(self.root, self.walked, choice, self.tables_at)
            whole = with_masks._reading(chosen.kind)
            if whole is not None and len(whole.files) > len(chosen.files):
                mask, of = (each.rpartition("/")[2] for each in min(self.masks.items()))
                many = (
                    "1 file is called like a mask of the picture beside it"
                    if len(left) == 1
                    else f"{len(left):,} files are called like masks of pictures beside them"
                )
                doubt = f"{many}: “{mask}” of “{of}”. Are they images of a class?"
                self.doubt = " ".join(filter(None, [self.doubt, doubt]))
                others = [replace(each, masks="out") for each in others]
                whole = replace(whole, masks="images", labels=labels)
                chosen = replace(chosen, masks="out", labels=labels)
                if not self.had().keys().isdisjoint(self.masks):
                    self.entries = with_masks.entries
                    out = replace(chosen, skipped=[*chosen.skipped, *left])
                    return whole, [out, *others]
                others.append(whole)
        return replace(chosen, skipped=[*chosen.skipped, *left]), others

    def _chosen(self) -> tuple[Reading, list[Reading]]:
        kind = self.choice.kind
        assert kind is not None
        reading = self._reading(kind)
        if reading is None or not reading.files:
            raise InvalidInput(
                f"This folder can't be read that way: “{MEANINGS[kind]}” fits none of its images.",
                file=self.root,
                remedy="Leave the choice to Lightbox, or choose another layout.",
            )
        return reading, []

    def _reading(self, kind: Kind) -> Reading | None:
        if kind == "classes":
            return self._with_splits(folders.by_classes(self.entries))
        if kind == "splits":
            found = folders.by_splits(self.entries, self.top)
            return found or folders.by_inner_splits(self.entries, self.top)
        if kind == "inner" or kind == "joined":
            if folders.splits_are_nested(self.top):
                found = folders.by_splits(self.entries, self.top, kind)
                return replace(found, kind=kind) if found else None
            return folders.by_inner(self.entries, joined=kind == "joined")
        if kind == "names":
            return by_names(self.entries)
        if kind == "annotations":
            return by_annotations(self.entries, self.said)
        if kind == "boxes":
            return by_boxes(self.entries, self.said, self.margin)
        if self.choice.table is not None:
            return self._by_table(self._table(self.choice.table))
        if not self._tables:
            return None
        table = self._tables[0]
        if self.choice.labels is not None or not table.labels:
            table = self._table(table.name)
        return self._by_table(table)

    def _by_table(self, table: Table) -> Reading:
        """What a table says; what is trained on is perhaps in lists beside it."""
        reading = tables.by_table(self.entries, table, self._index)
        return reading if any(f.split for f in reading.files) else self._with_splits(reading)

    def _table(self, name: str) -> Table:
        names, labels = self.walked.tables, self.choice.labels
        return tables.read_table(self.tables_at, name, self._index, labels, names)

    @cached_property
    def _index(self) -> Index:
        return Index(self.entries)

    @cached_property
    def _tables(self) -> list[Table]:
        return tables.find_tables(self.tables_at, self.walked.tables, self._index)

    def _with_splits(self, reading: Reading) -> Reading:
        """Class folders with what lists or tables beside them say is for training, where they say
        it of nearly all."""
        if not (self.walked.tables and reading.files):
            return reading
        said, used = tables.splits_said(self.tables_at, self.walked.tables, self._index)
        if len(said) < _TABLE_COVERS * len(reading.files):
            said, used = tables.splits_in(self._tables, self._index)
        if len(said) < _TABLE_COVERS * len(reading.files):
            return reading
        files = [file._replace(split=said.get(file.path, "")) for file in reading.files]
        says = "says" if len(used) == 1 else "say"
        reason = f"{reading.reason} {named(sorted(used))} {says} what is trained on."
        return replace(reading, files=files, reason=reason, used=reading.used | used)

    def _judged(self) -> tuple[Reading, list[Reading]]:
        by_splits = self._reading("splits")
        if by_splits is not None:
            by_splits = self._rest_said(by_splits)
            others = []
            self.doubt = folders.doubt_beside(self.top)
            if self.doubt:
                others = [folders.by_inner(self.entries)]
            elif not folders.is_clear(self.top) and by_splits.reason.endswith("was left out."):
                others = [folders.by_classes(self.entries)]
            if folders.splits_are_nested(self.top):
                deeper = [self._reading("inner"), self._reading("joined")]
                others += [each for each in deeper if each is not None]
            return by_splits, others
        flat = not self.top.inside or self.top.direct > len(self.entries) // 2
        named_like_splits = folders.looks_like_splits(self.top)
        said = self._said_beside(flat or named_like_splits or len(self.top.inside) == 1)
        if said is not None:
            return said
        if flat:
            by_name = by_names(self.entries)
            if by_name is None:
                raise nothing_said(self.root, self.entries, self.walked)
            return by_name, []
        if named_like_splits and (by_name := by_names(self.entries)) is not None:
            return by_name, []
        classes = self._with_splits(folders.by_classes(self.entries, folders.no_classes(self.top)))
        if folders.no_classes(self.top):
            return classes, [folders.by_classes(self.entries)]
        if all(map(tells, self.top.inside)) and folders.shares_inner(self.top):
            # ``patient1/ill``: who it is of lies outside, and what it is inside.
            inner = folders.by_inner(self.entries)
            if not any(split_of(file.label) for file in inner.files):
                return inner, [classes]
        self.doubt, others = folders.doubted(self.top, self.entries)
        return classes, others

    def _said_beside(self, needed: bool) -> tuple[Reading, list[Reading]] | None:
        """What tables and annotations say, where folders don't, or say otherwise."""
        if not self.walked.tables:
            return None
        for table in self._tables:
            if needed and is_of_boxes(table.rows):
                boxed = self._annotated() or self._boxes_by_column(table)
                if boxed is not None:
                    return boxed
            if not table.labels:
                if needed:
                    return self._by_column(table)
                continue
            reading = self._by_table(table)
            if needed and reading.files:
                return self._likelier(table, reading), []
            if len(reading.files) < _TABLE_COVERS * len(self.entries):
                continue
            classes = folders.by_classes(self.entries)
            folder_of = {file.path: clean_label(file.label) for file in classes.files}
            same = sum(folder_of.get(file.path) == file.label for file in reading.files)
            if same < _SAME * len(reading.files) and (
                folders.are_parts(self.top) or not renames(reading.files, folder_of)
            ):
                if not folders.are_parts(self.top):
                    self.doubt = (
                        f"The table {table.name} and the folders say different classes. "
                        "Say which of them is right."
                    )
                return reading, [classes]
        return self._annotated() if needed else None

    def _by_column(self, table: Table) -> tuple[Reading, list[Reading]]:
        """A reading for each column that may hold the classes; a person must say which does."""
        if not table.candidates:
            if annotated := self._annotated():
                return annotated
            raise tables.unsure(table)
        self.doubt = (
            f"The table {table.name} names the images, but not which of its columns is the class."
        )
        readings = [
            replace(self._by_table(replace(table, labels=column)), labels=column)
            for column in table.candidates[:_COLUMNS]
        ]
        return readings[0], readings[1:]

    def _boxes_by_column(self, table: Table) -> tuple[Reading, list[Reading]] | None:
        """Boxes of a table with no column that is called as one of classes: a person must say which
        it is, unless there is one in words only."""
        known = {column: table.rows[column] for column in table.candidates}
        known = {name: rows for name, rows in known.items() if name.strip().lower() not in CORNERS}
        numbers = {name: pd.to_numeric(rows, errors="coerce") for name, rows in known.items()}
        in_words = [name for name, values in numbers.items() if values.isna().any()]
        readings = []
        for column in (in_words or list(known))[:_COLUMNS]:
            reading = by_boxes(self.entries, self._annotations(column), self.margin)
            readings += [replace(reading, labels=column)] if reading else []
        if not readings:
            return None
        if len(readings) > 1:
            self.doubt = (
                f"The table {table.name} has boxes, but doesn't say which of its columns is the "
                "class."
            )
        return readings[0], readings[1:]

    def _likelier(self, table: Table, reading: Reading) -> Reading:
        """What a table says; or what says the same in words, where a list has only numbers, or
        more, where a list is about few of the images."""
        if not table.is_list:
            return reading
        if len(reading.files) < _TABLE_COVERS * len(self.entries):
            annotated = self._annotated()
            if annotated and len(annotated[0].files) > len(reading.files):
                return annotated[0]
        by_name = self._reading("names") if all(f.label.isdigit() for f in reading.files) else None
        if by_name is None or len(by_name.files) < len(reading.files):
            return reading
        label_of = {file.path: file.label for file in by_name.files}
        if not renames(reading.files, label_of):
            return reading
        files = [f._replace(label=label_of.get(f.path, f.label)) for f in reading.files]
        reason = f"{by_name.reason} {table.name} says the same by numbers."
        return replace(
            by_name, files=files, skipped=reading.skipped, reason=reason, used=reading.used
        )

    def _rest_said(self, reading: Reading) -> Reading:
        """Split folders, with the classes of a flat one by a list if one knows them, as in
        ``val_annotations.txt``."""
        left = {item.path for item in reading.skipped}
        rest = {
            entry.path: entry
            for entry in self.entries
            if entry.path in left and len(entry.parts) > 1 and split_of(entry.parts[0])
        }
        if not rest or not self.walked.tables:
            return reading
        flat = list(rest.values())
        index = Index(flat)
        labels = {file.label for file in reading.files}
        # Folders are called by numbers, too, where a list says what those stand for.
        for table in tables.find_tables(self.tables_at, self.walked.tables, index, named=False):
            more = tables.by_table(flat, table, index) if table.labels else None
            if more is None or not {file.label for file in more.files} <= labels:
                continue
            files = [f._replace(split=split_of(rest[f.path].parts[0])) for f in more.files]
            taken = {file.path for file in files}
            start = reading.reason.partition(" Images in ")[0]
            where = named(sorted({rest[path].parts[0] for path in taken}))
            reason = f"{start} {table.name} says the classes of images in {where}."
            if left := {entry.parts[0] for entry in flat} - {rest[p].parts[0] for p in taken}:
                reason += f" Images in {named(sorted(left))} have no labels and were left out."
            return replace(
                reading,
                files=[*reading.files, *files],
                skipped=[item for item in reading.skipped if item.path not in taken],
                reason=reason,
                used=reading.used | more.used,
            )
        return reading

    @cached_property
    def said(self) -> Annotations:
        """What annotations say."""
        return self._annotations(self.choice.labels or "")

    def _annotations(self, column: str) -> Annotations:
        return Annotations(self.tables_at, self.entries, self.walked.tables, column)

    @property
    def margin(self) -> float:
        """Around boxes, as a part of their size."""
        return MARGIN if self.choice.margin is None else self.choice.margin

    def _annotated(self) -> tuple[Reading, list[Reading]] | None:
        """Whole images where nearly all are of one class, else the boxes; the other beside it."""
        whole, boxes = self._reading("annotations"), self._reading("boxes")
        if whole is None or boxes is None:
            found = whole or boxes
            return (found, []) if found else None
        left = max(0, len(whole.skipped) - len(boxes.skipped))
        if len(whole.files) >= _ONE_CLASS * (len(whole.files) + left):
            return whole, [boxes]
        return boxes, [whole]
