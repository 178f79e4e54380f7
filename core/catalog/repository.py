"""What the repositories have in common."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy.orm import Session, sessionmaker

Record = TypeVar("Record")


class Repository:
    """What reads and writes some tables of one database; safe to share between threads."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions


def as_record(kind: type[Record], row: object, **others: Any) -> Record:
    """The frozen value of a row: its columns by their names, but for those that are given.

    Args:
        kind: a dataclass.
    """
    names = kind.__dataclass_fields__.keys() - others  # type: ignore[attr-defined]
    return kind(**{name: getattr(row, name) for name in names}, **others)
