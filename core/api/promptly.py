"""Answers leave at once, instead of waiting for the other side to confirm what came before.

Streamlit listens on a socket that doesn't say it is TCP, and asyncio then leaves Nagle's algorithm
on: the second piece of an answer waits until the first was acknowledged, which takes 40 ms on a
connection that is used again. Measured on ``GET /api/v1/health``: 46 ms with it, 3 ms without.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def answering_promptly(app: object = None) -> AsyncIterator[None]:
    """Within it, what the running loop begins to serve sends at once (TCP_NODELAY).

    A server's lifespan is the last moment before it begins. The option is set on the socket that
    listens, and systems hand it on to each connection that is taken there.
    """
    del app  # whichever it is that lives so long
    loop = asyncio.get_running_loop()
    create_server = loop.create_server

    async def create_prompt_server(*arguments: Any, **options: Any) -> asyncio.Server:
        listening = options.get("sock")
        if listening is not None and listening.family in (socket.AF_INET, socket.AF_INET6):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await create_server(*arguments, **options)

    loop.create_server = create_prompt_server  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.create_server = create_server  # type: ignore[method-assign]
