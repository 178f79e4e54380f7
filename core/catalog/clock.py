"""One clock for what several machines write: the database's."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, Float, cast, extract, func, literal
from sqlalchemy.orm import Session


def is_server(session: Session) -> bool:
    """Whether the database is a server, that others may write to in the middle of a transaction."""
    return session.get_bind().dialect.name == "postgresql"


def now(session: Session) -> ColumnElement[float]:
    """Seconds since 1970, for a statement: a server's clock, or this computer's with SQLite."""
    if is_server(session):
        return cast(extract("epoch", func.clock_timestamp()), Float)
    return literal(time.time(), Float)
