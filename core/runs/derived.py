"""Files that are made of others, and made again when these have changed: one rule for all.

A derived file says by which version of its code and from which content it was made. It is fresh if
both are what they are now; else it counts as not there. Content and not time decides, so a
workspace that was copied, or unpacked from a backup, is as fresh as it was. Files from before this
rule say nothing of their inputs: whoever changed these deleted them, so they count as fresh.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd
from pyarrow import ArrowException
from pyarrow.parquet import read_schema
from pydantic import BaseModel, ValidationError

from core.errors import NotFound
from core.runs.reading import UNREADABLE, write_table
from core.workspace import atomic_path, read_json, write_json

T = TypeVar("T")
Value = TypeVar("Value", bound=BaseModel)
T_form = TypeVar("T_form")


class Form(Protocol[T_form]):
    """How a value and its stamp (``version`` and ``of``) lie in a file."""

    def read(self, path: Path) -> tuple[Mapping[str, Any], T_form]:
        """The stamp, as far as there is one, and the value; raises NotFound or ValueError."""
        ...

    def write(self, path: Path, stamp: Mapping[str, Any], value: T_form) -> None: ...


@dataclass(frozen=True)
class AsJson(Generic[Value]):
    """A model's fields, with the stamp's beside them.

    Attributes:
        without: fields that are kept elsewhere.
    """

    kind: type[Value]
    without: frozenset[str] = frozenset()

    def read(self, path: Path) -> tuple[Mapping[str, Any], Value]:
        data = read_json(path)
        if not isinstance(data, dict):
            raise ValueError("not an object")
        stamp = {name: data[name] for name in ("version", "of") if name in data}
        own = {n: v for n, v in data.items() if n not in stamp or n in self.kind.model_fields}
        return stamp, self.kind.model_validate(own)

    def write(self, path: Path, stamp: Mapping[str, Any], value: Value) -> None:
        write_json(path, {**value.model_dump(mode="json", exclude=set(self.without)), **stamp})


@dataclass(frozen=True)
class AsArrays(Generic[T]):
    """An ``.npz`` of arrays, the stamp's values among them."""

    pack: Callable[[T], dict[str, Any]]
    unpack: Callable[[Mapping[str, np.ndarray]], T]

    def read(self, path: Path) -> tuple[Mapping[str, Any], T]:
        try:
            with np.load(path) as kept:
                arrays = {name: kept[name] for name in kept.files}
            stamp = {name: arrays.pop(name).item() for name in ("version", "of") if name in arrays}
            return stamp, self.unpack(arrays)
        except (OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError("not these arrays") from error

    def write(self, path: Path, stamp: Mapping[str, Any], value: T) -> None:
        arrays: dict[str, Any] = {name: np.array(each) for name, each in stamp.items()}
        with atomic_path(path) as part:
            np.savez(part, **arrays, **self.pack(value))


@dataclass(frozen=True)
class AsTable:
    """A table as Parquet, the stamp among what pandas keeps about it.

    Attributes:
        columns: that it has.
    """

    columns: tuple[str, ...]

    def read(self, path: Path) -> tuple[Mapping[str, Any], pd.DataFrame]:
        try:
            table = pd.read_parquet(path)
            return table.attrs, table[list(self.columns)]
        except UNREADABLE as error:
            raise ValueError("not this table") from error

    def write(self, path: Path, stamp: Mapping[str, Any], value: pd.DataFrame) -> None:
        table = value[list(self.columns)].copy()
        table.attrs = dict(stamp)
        write_table(path, table)


@dataclass(frozen=True)
class Derived(Generic[T]):
    """One derived file.

    Attributes:
        path: where it lies.
        form: how.
        version: of the code that makes it; another one makes it anew.
        inputs: the files that it is made of.
        parts: files that are written before it, and without which it isn't whole.
        also: what else it is made of, as text.
    """

    path: Path
    form: Form[T]
    version: int
    inputs: tuple[Path, ...]
    parts: tuple[Path, ...] = ()
    also: str = ""

    @property
    def of(self) -> str:
        """What the inputs hold now, as a digest."""
        return _digest(self.inputs, tuple(map(state_of, self.inputs)), self.also)

    def kept(self) -> T | None:
        """The value, if the file is there, whole and fresh."""
        if not self.path.exists() or not all(_whole(part) for part in self.parts):
            return None
        try:
            stamp, value = self.form.read(self.path)
        except (NotFound, ValueError, ValidationError):
            return None
        if stamp.get("version", self.version) != self.version:
            return None
        if "of" in stamp and stamp["of"] != self.of:
            return None
        return value

    def keep(self, value: T, of: str = "") -> T:
        """Write the value; returns it.

        Args:
            of: what :attr:`of` was when the work began, if that was long ago; else as it is now.
        """
        self.form.write(self.path, {"version": self.version, "of": of or self.of}, value)
        return value

    def drop(self) -> None:
        """Have it made again, because a part of it turned out to be damaged."""
        self.path.unlink(missing_ok=True)


def _whole(part: Path) -> bool:
    """Whether a file is there, and its end with it if it is a table."""
    if part.suffix != ".parquet":
        return part.exists()
    try:
        read_schema(part)
    except (OSError, ValueError, ArrowException):
        return False
    return True


def state_of(file: Path) -> tuple[int, int, int] | None:
    """What is another one once a file was written to; ``None`` of one that isn't there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=256)
def _digest(files: tuple[Path, ...], states: tuple[object, ...], also: str) -> str:
    """Of what files hold, one after the other; "none" for one that is missing. They are read again
    only when one was written to."""
    whole = hashlib.blake2b(also.encode(), digest_size=8)
    for file, state in zip(files, states, strict=True):
        if state is None:
            whole.update(b"none")
            continue
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()
