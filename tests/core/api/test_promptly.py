"""Connections that a server takes on a plain socket, as Streamlit makes it, send at once."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from core.api.promptly import answering_promptly


async def _sends_at_once() -> bool:
    found: list[int] = []

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        found.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = socket.socket(socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    async with answering_promptly():
        server = await asyncio.get_running_loop().create_server(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), taken), sock=listening
        )
        async with server:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()
    return bool(found[0])


def test_nothing_waits_for_an_acknowledgement() -> None:
    # In a thread of its own: where a browser is driven, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, _sends_at_once()).result(30)
