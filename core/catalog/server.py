"""The catalog in PostgreSQL: how it is reached, and what it complains about, as sentences."""

from __future__ import annotations

import contextlib
import importlib.util
import ssl
from collections.abc import Callable
from typing import Any, Literal

import sqlalchemy
from sqlalchemy import URL, Engine, QueuePool, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as NoneFree

from core.errors import (
    Conflict,
    InvalidInput,
    LightboxError,
    NoSpace,
    NotAllowed,
    NotFound,
    Unreachable,
)

_DRIVERS = ("pg8000", "psycopg", "psycopg2")
_CONNECTIONS, _MORE_CONNECTIONS = 5, 25
# Shorter than a job's lease, so that its owner is never kept waiting beyond that.
_WAIT_S = 10.0
# Whoever vanishes in the middle of something lets go of it after so long.
_LIMITS = {
    "application_name": "lightbox",
    "lock_timeout": "8s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
}
# The same for drivers that are built on libpq, in its words; times in seconds, the last in ms.
_LIBPQ = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_WORDS = {"authentication failed": "28P01", '" does not exist': "3D000"}
_HOW = (
    "Write LIGHTBOX_DATABASE=postgresql+pg8000://NAME:PASSWORD@HOST/DATABASE, or remove it to keep "
    "the lists in a file."
)
_AGAIN = "Try again in a moment."


class Orphaned(Conflict):
    """A row speaks of another one that isn't there."""


class _Pool(QueuePool):
    def connect(self) -> Any:
        try:
            return super().connect()
        except NoneFree as error:
            raise Unreachable(
                "All connections to the database are in use.", remedy=_AGAIN
            ) from error


def server_url(text: str) -> URL:
    """The address of a PostgreSQL database, with a driver that is installed.

    Raises:
        InvalidInput: it is no such address, or its driver is not installed.
    """
    try:
        url = sqlalchemy.make_url(text)
    except ArgumentError as error:
        raise InvalidInput("This is no address of a database.", remedy=_HOW) from error
    dialect, _, driver = url.drivername.partition("+")
    if dialect not in ("postgresql", "postgres"):
        raise InvalidInput(
            f"Lightbox keeps its lists in SQLite or PostgreSQL, not in “{dialect}”.", remedy=_HOW
        )
    if not url.database:
        raise InvalidInput("The address names no database.", remedy=_HOW)
    if not url.username:
        raise InvalidInput("The address doesn’t say as whom to sign in.", remedy=_HOW)
    there = [each for each in _DRIVERS if importlib.util.find_spec(each) is not None]
    driver = driver or (there[0] if there else _DRIVERS[0])
    if driver not in there:
        known = driver if driver in _DRIVERS else f"{driver!r}, which Lightbox doesn’t know,"
        raise InvalidInput(
            f"The address of the database asks for {known} and that is not installed.",
            remedy="Install what a team needs: pip install -r requirements-team.txt (that is "
            "pg8000), and write postgresql+pg8000://…",
        )
    return url.set(drivername=f"postgresql+{driver}")


def place_of(url: URL) -> str:
    """Where a database is, without the password."""
    return f"{url.database} at {url.host or 'this computer'}{f':{url.port}' if url.port else ''}"


def server_engine(url: URL) -> Engine:
    """An engine whose connections notice when they were cut, and whose errors are sentences."""
    waits: dict[str, Any] = _LIBPQ
    address = url
    if url.drivername.endswith("pg8000"):
        waits = {"timeout": _WAIT_S, "ssl_context": _encryption(url)}
        address = url.difference_update_query(["sslmode", "sslrootcert"])
    engine = sqlalchemy.create_engine(
        address,
        poolclass=_Pool,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=_WAIT_S,
        pool_pre_ping=True,
        connect_args=waits,
    )

    _bear_with_cuts(engine)

    @event.listens_for(engine, "connect")
    def _limited(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        said = ", ".join(
            f"set_config('{name}', '{value}', false)" for name, value in _LIMITS.items()
        )
        cursor.execute(f"SELECT {said}")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _without_nul(
        _connection: object, _cursor: object, statement: str, given: Any, *_: object
    ) -> tuple[str, Any]:
        return statement, _kept(given)

    @event.listens_for(engine, "handle_error")
    def _in_words(context: sqlalchemy.engine.ExceptionContext) -> None:
        state = state_of(context.original_exception)
        if state.startswith(("57P", "08")) or isinstance(context.original_exception, OSError):
            context.is_disconnect = True
        if isinstance(context.original_exception.__cause__, ssl.SSLError):
            raise NotAllowed(
                "The database doesn’t prove that it is the one.",
                file=place_of(url),
                remedy="Check sslmode and sslrootcert in LIGHTBOX_DATABASE.",
            ) from context.original_exception
        lost = context.is_disconnect or (context.connection is None and not state)
        if context.is_pre_ping:
            return
        sentence = _lost(url) if lost else sentence_of(state, url)
        if sentence is not None:
            raise sentence from context.original_exception

    return engine


def _encryption(url: URL) -> ssl.SSLContext | Literal[False] | None:
    """What libpq's ``sslmode`` and ``sslrootcert`` in an address mean, for pg8000, which doesn't
    know them: it encrypts with ``None`` where the server can, and with ``False`` never.

    Raises:
        InvalidInput: there is no such mode, or the certificate can't be read.
    """
    mode, file = (str(url.query.get(name, "")) for name in ("sslmode", "sslrootcert"))
    if mode in ("", "prefer"):
        return None
    if mode == "disable":
        return False
    if mode not in ("require", "verify-ca", "verify-full"):
        raise InvalidInput(
            f"“sslmode={mode}” in the address of the database is not known here.",
            remedy="Write disable, prefer, require, verify-ca or verify-full.",
        )
    try:
        context = ssl.create_default_context(cafile=file or None)
    except OSError as error:
        raise InvalidInput(
            "The certificate that the address of the database names can’t be read.",
            file=file,
            remedy="sslrootcert is a file in PEM format.",
        ) from error
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _bear_with_cuts(engine: Engine) -> None:
    """Have a connection that was cut be noticed when it is tried, and let go without a word: pg8000
    tells of some cuts by errors of the system's."""
    dialect: Any = engine.dialect
    terminate = dialect.do_terminate

    def noticing(do: Callable[..., Any]) -> Callable[..., Any]:
        def doing(*what: Any, **how: Any) -> Any:
            try:
                return do(*what, **how)
            except OSError as error:
                raise dialect.loaded_dbapi.InterfaceError("network error") from error

        return doing

    def do_terminate(connection: DBAPIConnection) -> None:
        with contextlib.suppress(OSError, dialect.loaded_dbapi.Error):
            terminate(connection)

    dialect.connect, dialect.do_ping = noticing(dialect.connect), noticing(dialect.do_ping)
    dialect.do_terminate = do_terminate


def _kept(given: Any) -> Any:
    """Parameters of a statement, with a mark for the one character that no text can have there."""
    if isinstance(given, str):
        return given.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(given, dict):
        return {name: _kept(value) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return type(given)([_kept(value) for value in given])
    return given


def state_of(error: BaseException) -> str:
    """PostgreSQL's five letters for an error (SQLSTATE); "" where a driver has none."""
    first = error.args[0] if error.args else None
    if isinstance(first, dict):
        return str(first.get("C", ""))
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    # While they connect, drivers that are built on libpq have only its words.
    said = next((each for words, each in _WORDS.items() if words in str(error)), "")
    return str(state or said)


def sentence_of(state: str, url: URL) -> LightboxError | None:
    """What an error of PostgreSQL's means to a person; ``None`` for what only we can cause."""
    place = place_of(url)
    if state[:2] in ("08", "57") and state != "57014":
        return _lost(url)
    if state == "53300":
        return Unreachable("The database has no connection left.", file=place, remedy=_AGAIN)
    if state[:2] == "53":
        return NoSpace(
            "The database has no room left.",
            file=place,
            remedy="Give its server more disk or memory; what was there before is untouched.",
        )
    if state[:2] == "28":
        return NotAllowed(
            "The database doesn’t let Lightbox in.",
            file=place,
            remedy="Check the name and the password in LIGHTBOX_DATABASE.",
        )
    if state == "3D000":
        return NotFound(
            "There is no such database.", file=place, remedy="Make it first: createdb NAME"
        )
    if state in ("42501", "25006"):
        return NotAllowed(
            "Lightbox may not write to the database.",
            file=place,
            remedy="Make the name in LIGHTBOX_DATABASE the database’s owner.",
        )
    if state in ("40001", "40P01", "55P03", "57014"):
        return Conflict("Others keep the database busy.", remedy=_AGAIN)
    if state == "23503":
        return Orphaned("It belongs to something that is not here any more.", remedy=_AGAIN)
    if state == "22001":
        return InvalidInput("A text is longer than can be kept.", remedy="Use a shorter one.")
    if state in ("22021", "22P05"):
        return InvalidInput(
            "A text has a character that can’t be kept.", remedy="Leave it out, then try again."
        )
    return None


def _lost(url: URL) -> Unreachable:
    return Unreachable(
        "The database can’t be reached.",
        file=place_of(url),
        remedy="Lightbox goes on by itself once it can; see that it runs, and LIGHTBOX_DATABASE.",
    )
