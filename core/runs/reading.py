"""Values and tables in files: read with what is wrong as a sentence, written so that none is ever
half there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pyarrow import ArrowException
from pydantic import BaseModel, TypeAdapter, ValidationError

from core.datasets.places import column_as_kept
from core.errors import Damaged, NotFound
from core.workspace import atomic_path, read_json

Value = TypeVar("Value", bound=BaseModel)
# What reading a table raises that was cut off, or is none.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, ArrowException)


def shown_path(path: Path) -> str:
    """A file as whoever asks from elsewhere may see it: its name, and its folder's."""
    return f"{path.parent.name}/{path.name}"


def read_value(path: Path, kind: type[Value] | TypeAdapter[Any], what: str, remedy: str) -> Any:
    """A value that is kept as JSON.

    Args:
        what: it says, to complete "… is missing or damaged".
        remedy: how it is made again, as a sentence.

    Raises:
        Damaged: it is not there, or is not what it should be.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    try:
        return adapter.validate_python(read_json(path))
    except (NotFound, ValidationError) as error:
        raise Damaged(
            f"{what} is missing or damaged.", file=shown_path(path), remedy=remedy
        ) from error


def value_in(path: Path, kind: type[Value]) -> Value | None:
    """A value that is kept as JSON; ``None`` where there is none, or not what it should be."""
    try:
        return kind.model_validate(read_json(path))
    except (NotFound, ValidationError):
        return None


def read_table(path: Path, columns: Sequence[str], what: str, remedy: str) -> pd.DataFrame:
    """A table that is kept as Parquet; arguments and errors as :func:`read_value`.

    Args:
        columns: that it must have.
    """
    try:
        table = pd.read_parquet(path)
        missing = [name for name in columns if name not in table]
        if missing:
            raise KeyError(missing)
    except UNREADABLE as error:
        raise Damaged(
            f"{what} is missing or damaged.", file=shown_path(path), remedy=remedy
        ) from error
    return column_as_kept(table) if "path" in table else table


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, atomically and without its index."""
    with atomic_path(path) as part:
        table.to_parquet(part, index=False)
