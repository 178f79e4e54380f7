"""Answers leave at once, instead of waiting for the other side to confirm what came before.

Streamlit listens on a socket that doesn't say it is TCP, and asyncio then leaves Nagle's algorithm
on: the second piece of an answer waits until the first was acknowledged, which takes 40 ms on a
connection that is used again. Measured on ``GET /api/v1/health``: 46 ms with it, 3 ms without.
"""

from __future__ import annotations

import socket
from asyncio import base_events


def answer_promptly() -> None:
    """From now on all TCP connections of this process's event loops send at once (TCP_NODELAY)."""
    # asyncio has no public place for it; where the name is gone, answers only come later.
    if hasattr(base_events, "_set_nodelay"):
        base_events._set_nodelay = _set_nodelay


def _set_nodelay(sock: socket.socket) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
