"""A server with some of the app's routes, for tests that speak real HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from tests.waiting import wait_until


@contextmanager
def serving(routes: Sequence[BaseRoute]) -> Iterator[str]:
    """Serve routes until the end of the block; gives the address."""
    # Said to be TCP, so that asyncio lets answers leave at once.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=[*routes]), log_level="critical"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        wait_until(lambda: server.started, 10, "the server's start")
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
