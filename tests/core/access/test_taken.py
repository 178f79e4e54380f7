"""Started twice, Lightbox says where it runs; where something else has the port, what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.access.reach import already_running, remember
from core.errors import Conflict
from core.workspace import Workspace


class _Other(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Welcome to something else")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_port_of_another_program_is_said_to_be_and_how_to_choose_another(
    workspace: Workspace, other: HTTPServer
) -> None:
    port = other.server_port
    remember(workspace, "127.0.0.1", port)
    with pytest.raises(Conflict, match=rf"Port {port} is taken by another program.* PORT=\d+ make"):
        already_running(workspace, "127.0.0.1", port)
    other.shutdown()
    other.server_close()
    assert already_running(workspace, "127.0.0.1", port) == ""
