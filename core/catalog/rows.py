"""All rows of a catalog, from one database into another: copied, and compared one by one."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, String, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from core.catalog.engines import engine_of
from core.catalog.models import Base
from core.catalog.server import Orphaned
from core.errors import Conflict, Damaged
from core.progress import Reporter
from core.text import plural
from core.workspace import keep_private

_AT_ONCE = 200


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has, by its name, in an order in which they can be written."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in Base.metadata.sorted_tables
    }


def is_filled(connection: Connection) -> bool:
    """Whether a database has any rows."""
    return any(count_rows(connection).values())


def refuse_filled(connection: Connection, place: object) -> None:
    """Refuse a database that has rows already.

    Raises:
        Conflict: it has.
    """
    if is_filled(connection):
        raise Conflict(
            "The database has lists of Lightbox’s in it already.",
            file=place,
            remedy="Make an empty one: createdb NAME",
        )


def copy_rows(source: Connection, target: Connection, report: Reporter) -> int:
    """Write all rows of one database into another, empty one, then compare; returns how many.

    Both are of the newest schema. Nobody may write to either meanwhile: the callers' transactions
    see to that.

    Raises:
        Damaged: a row can't be written there, or isn't there as it was.
    """
    counts = count_rows(source)
    total, done = sum(counts.values()), 0
    for table in Base.metadata.sorted_tables:
        result = source.execute(_in_order(source, table))
        for batch in result.partitions():
            report.step("move", done, total, f"Copying {table.name}")
            try:
                target.execute(insert(table).values([row._asdict() for row in batch]))
            except (IntegrityError, Orphaned) as error:
                raise Damaged(
                    f"A row of “{table.name}” speaks of another one that is missing.",
                    remedy="Nothing was moved. Remove what it belongs to, then try again.",
                ) from error
            done += len(batch)
        _go_on_counting(target, table)
    compare_rows(source, target, report)
    return done


def clear_rows(connection: Connection) -> None:
    """Forget all rows, as a part of the caller's transaction."""
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(table.delete())


def write_file(source: Connection, file: Path, report: Reporter) -> int:
    """Write all rows into a new file of SQLite's; returns how many."""
    engine = engine_of(f"sqlite:///{file}")
    try:
        with engine.begin() as target:
            Base.metadata.create_all(target)
            revision = source.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            target.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            target.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
            written = copy_rows(source, target, report)
        with engine.connect() as connection:
            # On its own, without files beside it.
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        engine.dispose()
    keep_private(file)
    return written


def hold_still(connection: Connection) -> None:
    """Let nobody else write to a server's tables until the transaction ends."""
    if connection.dialect.name == "postgresql":
        tables = ", ".join(Base.metadata.tables)
        connection.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))


def _in_order(connection: Connection, table: Table) -> Select[Any]:
    """All rows, in an order in which every database has them."""
    keys = [
        column.collate("C")
        if connection.dialect.name == "postgresql" and isinstance(column.type, String)
        else column
        for column in table.primary_key
    ]
    return select(table).order_by(*keys).execution_options(yield_per=_AT_ONCE)


def _go_on_counting(target: Connection, table: Table) -> None:
    """Have a server number its next row after the last one that is there."""
    numbered = table.autoincrement_column
    if target.dialect.name != "postgresql" or numbered is None:
        return
    last = target.execute(select(func.max(numbered))).scalar()
    if last is not None:
        sequence = func.pg_get_serial_sequence(table.name, numbered.name)
        target.execute(select(func.setval(sequence, last)))


def compare_rows(source: Connection, target: Connection, report: Reporter) -> None:
    """Compare all rows of two databases.

    Raises:
        Damaged: one is not in both, or not the same.
    """
    for table in Base.metadata.sorted_tables:
        report.step("move", 0, None, f"Comparing {table.name}")
        ours, theirs = (each.execute(_in_order(each, table)) for each in (source, target))
        # As text, since what is no number (NaN) isn't equal to itself.
        different = sum(repr(one) != repr(other) for one, other in zip_longest(ours, theirs))
        if different:
            raise Damaged(
                f"{plural(different, 'row')} of “{table.name}” would not be the same there.",
                remedy="Nothing was moved. This is a defect of Lightbox’s: please report it.",
            )
