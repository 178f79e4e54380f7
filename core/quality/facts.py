"""What was found out about images, at their scan and after it, in one table for people's decisions
to be laid over. Of very many images it lies in mapped files (:mod:`core.quality.mapped`)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from core.datasets.places import column_as_kept
from core.quality.alike import Alike, alike, positions, read_pairs
from core.quality.copies import MIRRORED, ROTATED, Copies
from core.quality.index import COLUMNS, each_column, load_index, rows_in
from core.quality.mapped import keep_columns, open_columns
from core.workspace import Workspace

TURNED = (MIRRORED, ROTATED)
# What pages and trainings need: descriptors are nine tenths of an index.
_COLUMNS = COLUMNS.keys() - {"descriptor"}
# From so many images on a table is mapped; below, it is opened as soon and needs no second file.
MAPPED_FROM = 200_000
_DOUBTS = ["label_doubt", "outlier", "suggested"]
_CONTENT, _JUDGED = "content", "judged"
# Bumped when columns are made otherwise.
_FORM = 1


@dataclass(frozen=True)
class Facts:
    """What is known, whatever people decide.

    Attributes:
        table: the index's columns but ``descriptor``, with ``copy_group`` (int64: rows of equal
            value are copies or near-duplicates of each other at the default threshold),
            ``copy_score`` and ``turned_score`` (float32, 0 to 1: how alike the nearest
            near-duplicate, mirrored or turned copy is), ``label_doubt`` and ``outlier`` (float32,
            0 to 1, nan where it was not judged) and ``suggested`` (str, the class that it looks
            most like, or "").
        known: the near-duplicates among its rows.
        judged: the class under which each row was judged; ``None`` if none was.
    """

    table: pd.DataFrame
    known: Alike
    judged: pd.Series | None

    def under(self, labels: pd.Series) -> pd.DataFrame:
        """A table with these classes, and those of the index as ``label_found``; what was judged
        under another class holds no longer."""
        table = self.table.copy(deep=False)
        table["label_found"] = table["label"]
        table["label"] = labels
        if self.judged is not None:
            gone = (self.judged != "") & (self.judged != labels)
            if gone.any():
                for name in ("label_doubt", "outlier"):
                    table[name] = table[name].mask(gone)
                table["suggested"] = table["suggested"].mask(gone, "")
        return table


class Classes:
    """Classes that are being changed: numbers, since a text of each image takes much more."""

    def __init__(self, labels: pd.Series) -> None:
        self._codes, names = pd.factorize(labels)
        self._codes = self._codes.astype(np.int32)
        self._names = list(names)

    def put(self, rows: NDArray[np.int64], label: str) -> None:
        """Let images have another class."""
        if label not in self._names:
            self._names.append(label)
        self._codes[rows] = self._names.index(label)

    def column(self) -> pd.Series:
        """The class of each image; str."""
        names = pa.array(self._names, pa.large_string())
        return pd.Series(names.take(pa.array(self._codes)), dtype="str")


def facts_of(
    workspace: Workspace, dataset_id: str, index: str, copies: str | None, suspects: str | None
) -> Facts:
    """What is known of a dataset's images. A shared object, not to be changed.

    Args:
        index, copies, suspects: names of files in the dataset's folder.

    Raises:
        NotFound: the index is missing or damaged.
    """
    folder = workspace.dataset(dataset_id)
    return _facts(
        folder / index,
        folder / copies if copies else None,
        folder / suspects if suspects else None,
        workspace.cache / "tables" / dataset_id,
    )


# What is mapped takes no room.
@lru_cache(maxsize=4)
def _facts(index: Path, copies: Path | None, suspects: Path | None, place: Path) -> Facts:
    if rows_in(index) >= MAPPED_FROM:
        with suppress(OSError):
            return _mapped(index, copies, suspects, place)
        # There is no room for it, or it may not be written: then it is held.
    table = load_index(index, _COLUMNS)
    known = alike(table, read_pairs(copies) if copies else None)
    return _facts_from(table, dict(_found(table, known, suspects)), known.copies)


def _mapped(index: Path, copies: Path | None, suspects: Path | None, place: Path) -> Facts:
    """The same, from files that are made where there are none yet.

    Raises:
        OSError: they can't be made.
    """
    table = _kept(place / _name(index), lambda: each_column(index, _COLUMNS))

    @cache
    def known() -> Alike:
        return alike(table, read_pairs(copies) if copies else None)

    # An empty file can't be mapped: the first row is there always, and is no pair.
    ends = _kept(place / _name(index, copies), lambda: _pairs(known().copies))
    found_at = place / _name(index, copies, suspects)
    found = _kept(found_at, lambda: _found(table, known(), suspects))
    copies_there = Copies(
        int(ends["a"].iloc[0]),
        ends[["a", "b"]].to_numpy(np.int64)[1:],
        ends["score"].to_numpy(np.float32)[1:],
        ends["relation"].to_numpy(dtype="U8")[1:],
    )
    return _facts_from(table, dict(found.items()), copies_there)


def _name(*files: Path | None) -> str:
    """A folder's name for what was made of files as they are now."""
    of: list[object] = [_FORM]
    for file in files:
        there = file.stat() if file is not None and file.exists() else None
        of.append((file.name, there.st_size, there.st_mtime_ns) if file and there else "")
    return hashlib.blake2b(repr(of).encode(), digest_size=12).hexdigest()


def _kept(folder: Path, make: Callable[[], Iterable[tuple[str, pd.Series]]]) -> pd.DataFrame:
    table = open_columns(folder)
    if table is None:
        shutil.rmtree(folder, ignore_errors=True)  # it is damaged, if it is there
        keep_columns(folder, make())
        table = open_columns(folder)
    if table is None:
        raise OSError(f"{folder} can't be read back")
    return table


def _pairs(copies: Copies) -> Iterator[tuple[str, pd.Series]]:
    """Pairs in columns; in a row before them ``a`` is how many contents there are."""
    for side, name, first in ((0, "a", copies.n), (1, "b", 0)):
        yield name, pd.Series(np.concatenate([[first], copies.pairs[:, side]]).astype(np.int64))
    yield "score", pd.Series(np.concatenate([[0], copies.scores]).astype(np.float32))
    yield "relation", pd.Series(["", *copies.relations], dtype="str")


def _found(
    table: pd.DataFrame, known: Alike, suspects: Path | None
) -> Iterator[tuple[str, pd.Series]]:
    """Columns beside the index's."""
    yield _CONTENT, pd.Series(known.contents)
    yield "copy_group", pd.Series(known.groups())
    yield "copy_score", pd.Series(known.scores())
    yield "turned_score", pd.Series(known.scores(TURNED))
    doubts = _read(suspects) if suspects else None
    if doubts is None:
        nothing = np.full(len(table), np.nan, np.float32)
        yield "label_doubt", pd.Series(nothing)
        yield "outlier", pd.Series(nothing)
        yield "suggested", pd.Series("", index=range(len(table)), dtype="str")
        return
    at = _judged_at(table, doubts)
    there = at >= 0
    for name in ("label_doubt", "outlier"):
        yield name, pd.Series(np.where(there, doubts[name].to_numpy(np.float32)[at], np.nan))
    for name, column in (("suggested", "suggested"), (_JUDGED, "label")):
        values = doubts[column].fillna("").to_numpy(object)[at]
        values[~there] = ""
        yield name, pd.Series(values, dtype="str")


def _judged_at(table: pd.DataFrame, doubts: pd.DataFrame) -> NDArray[np.int64]:
    """For each image where it was judged, of this content; -1 where it wasn't."""
    at = positions(table["path"], doubts["path"])
    rows = np.flatnonzero(at >= 0)
    same = table["hash"].to_numpy(object)[rows] == doubts["hash"].to_numpy(object)[at[rows]]
    at[rows[~same]] = -1
    return at


def _read(path: Path) -> pd.DataFrame | None:
    """Doubts as they were written; ``None`` if the file is missing or damaged, or has none."""
    try:
        found = pd.read_parquet(path)[["path", "hash", "label", *_DOUBTS]]
        return column_as_kept(found) if len(found) else None
    except (OSError, ValueError, KeyError):
        return None


def _facts_from(table: pd.DataFrame, found: dict[str, pd.Series], copies: Copies) -> Facts:
    known = Alike(found.pop(_CONTENT).to_numpy(), copies)
    judged = found.pop(_JUDGED, None)
    return Facts(table.assign(**found), known, judged)
