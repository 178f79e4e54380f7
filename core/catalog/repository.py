"""What the repositories have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Executable, Select
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.models import JobRow

Record = TypeVar("Record")
T = TypeVar("T")


class Repository:
    """What reads and writes some tables of one database; safe to share between threads."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def _first(self, query: Select[T]) -> T | None:
        with self._sessions() as session:
            return session.scalar(query)

    def _every(self, query: Select[T]) -> Sequence[T]:
        with self._sessions() as session:
            return session.scalars(query).all()

    def _do(self, *statements: Executable) -> None:
        """All of these, or none."""
        with self._sessions.begin() as session:
            for statement in statements:
                session.execute(statement)


def as_record(kind: type[Record], row: object, **others: Any) -> Record:
    """The frozen value of a row: its columns by their names, but for those that are given.

    Args:
        kind: a dataclass.
    """
    names = kind.__dataclass_fields__.keys() - others  # type: ignore[attr-defined]
    return kind(**{name: getattr(row, name) for name in names}, **others)


def held_by(job_id: str, claim: int) -> ColumnElement[bool]:
    """Of a job: that it runs for whoever claimed it with this number."""
    return (JobRow.id == job_id) & (JobRow.state == "running") & (JobRow.claims == claim)
