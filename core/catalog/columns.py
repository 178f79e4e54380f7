"""Kinds of columns in which databases differ, for tables and migrations alike."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class _JsonAsText(TypeDecorator[Any]):
    """JSON as Python writes it. PostgreSQL's own type refuses what SQLite's keeps, such as NaN, and
    nobody asks it for what is inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        del dialect
        return json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


DOCUMENT = JSON().with_variant(_JsonAsText(), "postgresql")
# SQLite's integers have 64 bits anyway, and only a plain one numbers its rows there.
LARGE = BigInteger().with_variant(Integer(), "sqlite")
