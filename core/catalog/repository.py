"""What the repositories have in common; and one clock for what several machines write: the
database's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Float,
    Select,
    UpdateBase,
    cast,
    extract,
    func,
    literal,
    select,
)
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

    def _changed(self, statement: UpdateBase) -> Any:
        """What a statement returns of the row that it changes; ``None`` if there is none."""
        with self._sessions.begin() as session:
            return session.scalar(statement)

    def _now(self) -> ColumnElement[float]:
        with self._sessions() as session:
            return now(session)

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


def still_held(session: Session, job_id: str, claim: int, *, shared: bool = False) -> bool:
    """Whether a job runs for whoever claimed it with this number. On a server its row is kept until
    the transaction ends, so that nobody takes it over in between.

    Args:
        shared: others may write rows that refer to it meanwhile.
    """
    held = select(JobRow.id).where(held_by(job_id, claim))
    return session.scalar(held.with_for_update(key_share=shared)) is not None


def is_server(session: Session) -> bool:
    """Whether the database is a server, that others may write to in the middle of a transaction."""
    return session.get_bind().dialect.name == "postgresql"


def now(session: Session) -> ColumnElement[float]:
    """Seconds since 1970, for a statement: a server's clock, or this computer's with SQLite."""
    if is_server(session):
        return cast(extract("epoch", func.clock_timestamp()), Float)
    return literal(time.time(), Float)
