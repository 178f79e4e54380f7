"""How many bytes of bodies the server holds at once, for one visitor and for all."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

# What all visitors together may be sending, and one of them.
MOST_BYTES = 1024 * 1024**2
MOST_BYTES_EACH = 512 * 1024**2
MOST_AT_ONCE_EACH = 16
# A guest tries pictures: these stay in memory until the page is left.
GUEST_BYTES = 64 * 1024**2
GUEST_BYTES_AN_HOUR = 512 * 1024**2
_HOUR_S = 3600.0
# Pages that are open: each takes memory, and a thread while it is drawn.
MOST_PAGES, MOST_PAGES_EACH = 1000, 100


class NoRoom(Exception):
    """More was sent at once than there is room for; ``str`` is a sentence."""


class Room:
    """Counts what is on its way in; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all = 0
        self._bytes: defaultdict[str, int] = defaultdict(int)
        self._requests: defaultdict[str, int] = defaultdict(int)
        self._hour: dict[str, tuple[float, int]] = {}

    @contextmanager
    def body(self, visitor: str, receive: Receive, *, guest: bool) -> Iterator[Receive]:
        """What receives the body of one request, which is counted as it comes and has its share as
        long as this lasts.

        Raises:
            NoRoom: they have too many requests open; or, where it is received, they or all together
                have sent too much.
        """
        with self._lock:
            if self._requests[visitor] >= MOST_AT_ONCE_EACH:
                raise NoRoom("Too much is sent at once. Try again in a moment.")
            self._requests[visitor] += 1
        held = 0

        async def receiving() -> Message:
            nonlocal held
            message = await receive()
            count = len(message.get("body", b""))
            if count:
                self._take(visitor, count, guest=guest)
                held += count
            return message

        try:
            yield receiving
        finally:
            self._leave(visitor, held)

    def _take(self, visitor: str, count: int, *, guest: bool) -> None:
        now = time.monotonic()
        with self._lock:
            if guest:
                began, before = self._hour.get(visitor, (now, 0))
                if now - began > _HOUR_S:
                    began, before = now, 0
                if before + count > GUEST_BYTES_AN_HOUR:
                    raise NoRoom("This is more than a guest may send. Try again in an hour.")
                self._hour[visitor] = (began, before + count)
            most = GUEST_BYTES if guest else MOST_BYTES_EACH
            if self._bytes[visitor] + count > most or self._all + count > MOST_BYTES:
                raise NoRoom("Too much is sent at once. Send less, or one after the other.")
            self._bytes[visitor] += count
            self._all += count

    def _leave(self, visitor: str, count: int) -> None:
        with self._lock:
            self._all -= count
            self._bytes[visitor] -= count
            self._requests[visitor] -= 1
            if self._requests[visitor] <= 0:
                self._requests.pop(visitor)
                self._bytes.pop(visitor, None)
            if len(self._hour) > 10_000:
                self._hour.clear()


class Crowd:
    """Counts who is inside, each visitor's and all; safe to share between threads."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._each = most, most_each
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()

    @contextmanager
    def inside(self, visitor: str) -> Iterator[None]:
        """One more is inside as long as this lasts.

        Raises:
            NoRoom: too many are.
        """
        with self._lock:
            if self._inside[visitor] >= self._each or self._inside.total() >= self._most:
                raise NoRoom("Too many pages are open at once.")
            self._inside[visitor] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[visitor] -= 1
                if not self._inside[visitor]:
                    del self._inside[visitor]
