"""A PostgreSQL of the tests' own: started when a test first asks for it, ended with them.

It listens on loopback, as another user where the tests are root's, since ``postgres`` refuses to
be; nothing of it outlives the process that started it.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.catalog import open_catalog
from core.catalog.models import Base
from core.workspace import open_workspace
from tests.waiting import wait_until

_TESTS = Path(__file__).parent
_ROOMS = (
    "core/catalog/",
    "core/jobs/",
    # Those in which lists have a part.
    *(f"faults/test_{each}" for each in ("broken", "clocks", "scan", "where", "worker")),
)
_BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.server))
_NAME = "lightbox"
_PLACES = "/usr/lib/postgresql/*/bin"
# What keeps data safe from a power cut is of no use here.
_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "unix_socket_directories": "",
}


def _program(name: str) -> str | None:
    versions = sorted(Path("/").glob(f"{_PLACES[1:]}/{name}"))
    return shutil.which(name) or (str(versions[-1]) if versions else None)


class Server:
    """One cluster, and the process that serves it.

    Args:
        also: an address of this computer on which it listens besides, and those behind it.
        settings: in place of those that are the tests' own.
    """

    def __init__(self, folder: Path, also: str = "", **settings: str) -> None:
        self.port, self._also = _free_port(), also
        self._folder, self._data = folder, folder / "data"
        self._settings = {**_QUICK, "listen_addresses": ",".join(filter(None, ["127.0.0.1", also]))}
        self._settings |= settings
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        self._data.mkdir(mode=0o700)
        self._as: dict[str, Any] = {"cwd": folder, "env": _environment()}
        if os.geteuid() == 0:
            shutil.chown(self._data, "nobody")
            self._as |= {"user": "nobody", "extra_groups": []}
        command = [str(_program("initdb")), "-D", str(self._data), "-U", _NAME]
        command += ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, **self._as)
        if also:
            with (self._data / "pg_hba.conf").open("a", encoding="ascii") as rules:
                rules.write(f"host all all {also}/24 trust\n")

    def start(self) -> None:
        """Begin to serve; returns once it answers."""
        command = [str(_program("postgres")), "-D", str(self._data), "-p", str(self.port)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=_end_with_parent, **self._as
            )
        wait_until(self._answers, 60, "an answer of PostgreSQL's")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Cut all connections and end, as ``pg_ctl stop`` does; SIGQUIT is without a word."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the administrator."""
        import pg8000.dbapi

        # To ask for encryption would read all certificates of this computer, each time.
        opened = pg8000.dbapi.connect(
            _NAME,
            host="127.0.0.1",
            port=self.port,
            database=database,
            timeout=60,
            ssl_context=False,
        )
        with closing(opened) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)

    def url(self, database: str) -> str:
        host = self._also or "127.0.0.1"
        return f"postgresql+pg8000://{_NAME}@{host}:{self.port}/{database}"

    def new_database(self) -> str:
        """The name of an empty database."""
        name = f"of_test_{next(self._numbers)}"
        # Copied as files: a tenth of the time that going through the log takes.
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        return name

    def empty(self, database: str) -> None:
        """Forget all rows, and everybody who is connected."""
        self.cut(database)
        tables = ", ".join(Base.metadata.tables)
        self.sql(f"TRUNCATE {tables} RESTART IDENTITY", database)

    def cut(self, database: str) -> None:
        """End all connections to a database, without a word."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        )

    def encrypt(self, certificate: bytes, key: bytes) -> None:
        """Encrypt connections that ask for it; with nothing, none any more."""
        for name, content in (("server.crt", certificate), ("server.key", key)):
            file = self._data / name
            file.write_bytes(content)
            file.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(file, "nobody")
        self.sql(f"ALTER SYSTEM SET ssl = {'on' if certificate else 'off'}")
        self.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self._encrypts() == bool(certificate), 20, "the server's new settings")

    def _encrypts(self) -> bool:
        import pg8000.dbapi

        opened = pg8000.dbapi.connect(
            _NAME, host="127.0.0.1", port=self.port, database="postgres", timeout=60
        )
        with closing(opened) as connection:
            cursor = connection.cursor()
            cursor.execute("SHOW ssl")
            return bool(cursor.fetchone()[0] == "on")

    def _answers(self) -> bool:
        import pg8000.exceptions

        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text())
        try:
            self.sql("SELECT 1")
        except pg8000.exceptions.Error:
            return False
        return True


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


@contextmanager
def serving(also: str = "", **settings: str) -> Iterator[Server]:
    """A cluster of its own; where PostgreSQL isn't installed the test is skipped."""
    if _program("initdb") is None or _program("postgres") is None:
        pytest.skip("PostgreSQL is not here (Debian's package postgresql has initdb)")
    folder = Path(tempfile.mkdtemp(prefix="lightbox-postgres-"))
    folder.chmod(0o755)
    try:
        server = Server(folder, also, **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL, for tests of this process."""
    with serving() as found:
        yield found


@pytest.fixture(scope="session")
def migrated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of the newest schema on the server."""
    name = server.new_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTBOX_DATABASE", server.url(name))
        open_catalog(open_workspace(tmp_path_factory.mktemp("server"))).engine.dispose()
    return name


@pytest.fixture
def on_server(
    server: Server, migrated: str, monkeypatch: pytest.MonkeyPatch, _own_home: None
) -> str:
    """Catalogs of the test and of what it starts are in PostgreSQL; gives the database's name."""
    server.empty(migrated)
    monkeypatch.setenv("LIGHTBOX_DATABASE", server.url(migrated))
    return migrated


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``LIGHTBOX_EVERY=1`` has all tests of the rooms that know the database run on both."""
    where = metafunc.definition.path.relative_to(_TESTS).as_posix()
    chosen = {"either_database", "either_empty", "on_server", "server"} & set(metafunc.fixturenames)
    chosen = chosen or metafunc.definition.get_closest_marker("file_only")
    if os.environ.get("LIGHTBOX_EVERY") and where.startswith(_ROOMS) and not chosen:
        metafunc.parametrize("_database", _BOTH, indirect=True)


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest, _own_home: None) -> None:
    """Where the catalog is, for tests that didn't ask to be told."""
    if getattr(request, "param", "") == "postgresql":
        request.getfixturevalue("on_server")


@pytest.fixture(params=_BOTH)
def either_database(request: pytest.FixtureRequest, _own_home: None) -> str:
    """The test is run twice: with its catalog in a file, and in PostgreSQL."""
    if request.param == "postgresql":
        request.getfixturevalue("on_server")
    return str(request.param)


@pytest.fixture(params=_BOTH)
def either_empty(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _own_home: None
) -> None:
    """As :func:`either_database`, before anything was made in it."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        monkeypatch.setenv("LIGHTBOX_DATABASE", server.url(server.new_database()))
