"""Statements that were compiled for one test's database are taken for the next one's.

The app has one database, and compiles each of its statements once. Each test has one of its own,
and a fifth of its time would go into compiling the same statements for it again.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_create_engine = sqlalchemy.create_engine
_compiled: Any = LRUCache(2000)
_types: Any = WeakKeyDictionary()


class _Alike(SQLiteDialect_pysqlite):
    """What was compiled for one of these is right for all: they differ in listeners only."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike)

    def __hash__(self) -> int:
        return hash(_Alike)


def _sharing(*arguments: Any, **named: Any) -> sqlalchemy.Engine:
    engine = _create_engine(*arguments, **named)
    if type(engine.dialect) is SQLiteDialect_pysqlite:
        engine.dialect.__class__ = _Alike
        engine.dialect._type_memos = _types  # type: ignore[attr-defined]
        engine._compiled_cache = _compiled
    return engine


# For as long as the process lives, which does nothing but test.
sqlalchemy.create_engine = _sharing
