"""A bucket of the tests' own: moto's server of S3's protocol on loopback, started when a test first
asks for it, with faults that a test puts in.

What is wrong with an answer is decided between the server and whoever asks, on the wire: errors,
bodies that end early, answers that wait, a server that is gone.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_BROKEN = b"<Error><Code>InternalError</Code><Message>We broke</Message></Error>"
# Of requests by which a test fills its bucket; the server asks for nobody's signature.
_OWN = {
    "X-Test": "yes",
    "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=none",
}
# What would have somebody else be asked.
NOT_ASKED = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy")
_numbers = itertools.count(1)


@dataclass
class Fault:
    """What is wrong with answers about one key ("" for all): so many times, or always."""

    kind: str
    times: int = 10**9


@dataclass
class Wire:
    """What goes over the line: WSGI middleware around the server."""

    app: Callable[..., Iterable[bytes]]
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    heard: int = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        key = path.lstrip("/").partition("/")[2]
        self.heard += 1
        if "HTTP_X_TEST" in environ:  # a test that fills its bucket
            return self.app(environ, start)
        self.asked.append((environ["REQUEST_METHOD"], key))
        fault = self.faults.get(key) or self.faults.get("*")
        if fault is None or fault.times <= 0:
            return self.app(environ, start)
        fault.times -= 1
        if fault.kind == "forbidden":
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [_DENIED]
        if fault.kind == "error":
            start("500 Internal Server Error", [("Content-Type", "application/xml")])
            return [_BROKEN]
        assert fault.kind == "truncated"
        whole = b"".join(self.app(environ, start))
        return [whole[: len(whole) // 2]]


class Server:
    """moto's, behind a wire; it can be ended and begun again, with what it holds."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        self.wire = Wire(DomainDispatcherApplication(create_backend_app))
        self._port = 0
        self._hosts, self._listening = ["127.0.0.1"], list[tuple[Any, threading.Thread]]()
        self.begin()

    def begin(self) -> None:
        """Listen, where it did before."""
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, *_: Any, **__: Any) -> None:
                pass

        for host in self._hosts:
            server = make_server(host, self._port, self.wire, threaded=True, request_handler=Quiet)
            self._port = server.server_port
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            self._listening.append((server, thread))

    def end(self) -> None:
        """Listen no longer."""
        while self._listening:
            server, thread = self._listening.pop()
            server.shutdown()
            server.server_close()
            thread.join()

    @contextmanager
    def also_at(self, host: str) -> Iterator[None]:
        """Listen on another address of this computer besides."""
        self.end()
        self._hosts.append(host)
        self.begin()
        try:
            yield
        finally:
            self.end()
            self._hosts.remove(host)
            self.begin()

    def url_at(self, host: str) -> str:
        return f"http://{host}:{self._port}"

    @property
    def url(self) -> str:
        return self.url_at("127.0.0.1")


@dataclass(frozen=True)
class Bucket:
    """A bucket, and the server that holds it."""

    name: str
    server: Server

    @property
    def wire(self) -> Wire:
        return self.server.wire

    def create(self) -> None:
        self._do("PUT", "")

    def put(self, key: str, data: bytes) -> None:
        self._do("PUT", key, data)

    def delete(self, key: str) -> None:
        self._do("DELETE", key)

    def settings(self, place: Path, host: str = "127.0.0.1") -> dict[str, str]:
        """What is set for whoever may read it, and a folder of this disk besides."""
        return {
            "AWS_ENDPOINT_URL": self.server.url_at(host),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(place / "no-config"),
            "LIGHTBOX_STORES": host,
            "LIGHTBOX_ROOTS": f"{place}:s3://{self.name}",
        }

    def fill(self, folder: Path, prefix: str) -> str:
        """Put a folder's files below a prefix; the address of that."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())
        return f"s3://{self.name}/{prefix}"

    def read(self) -> list[str]:
        """Keys that were read since this was last asked, one for each request."""
        keys = [key for method, key in self.wire.asked if method == "GET" and key]
        self.wire.asked.clear()
        return keys

    def _do(self, method: str, key: str, data: bytes = b"") -> None:
        requests.request(
            method, f"{self.server.url}/{self.name}/{key}", data=data, headers=_OWN, timeout=30
        ).raise_for_status()


def new_bucket(server: Server) -> Bucket:
    """An empty one."""
    own = Bucket(f"bucket-{next(_numbers)}", server)
    own.create()
    return own


@pytest.fixture(scope="session")
def _store() -> Iterator[Server]:
    for module, package in (
        ("s3fs", "s3fs"),
        ("moto.server", "moto"),
        ("flask_cors", "flask-cors"),
    ):
        pytest.importorskip(module, reason=f"{package} is not installed")
    server = Server()
    yield server
    server.end()


@pytest.fixture
def bucket(_store: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    """An empty bucket, which Lightbox may read; tries follow each other at once."""
    own = new_bucket(_store)
    for name in NOT_ASKED:
        monkeypatch.delenv(name, raising=False)
    for name, value in own.settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("core.files.store._WAITS", (0.01, 0.01, 0.01))
    own.wire.asked.clear()
    yield own
    own.wire.faults.clear()
