"""Connections that a server takes on a plain socket, as Streamlit makes it, send at once."""

from __future__ import annotations

import asyncio
import socket
from asyncio import base_events
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.api.promptly import answer_promptly


async def _sends_at_once() -> bool:
    found: list[int] = []

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        found.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = socket.socket(socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    async with await asyncio.start_server(taken, sock=listening):
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        await reader.read()
        writer.close()
    return bool(found[0])


def test_nothing_waits_for_an_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_events, "_set_nodelay", base_events._set_nodelay)
    answer_promptly()
    # In a thread of its own: where a browser is driven, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, _sends_at_once()).result(30)
