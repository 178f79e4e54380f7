"""How much may be asked of the API at once: bytes, images, pixels, and requests a minute."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from PIL import Image
from starlette.requests import Request

from core import settings
from core.api.problems import Problem
from core.datasets.images import FORMATS

MAX_BODY_BYTES = 32 * 1024**2
MAX_IMAGES = 64
BODY_TIMEOUT_S = 60.0
# All bodies that are being received or worked on; beyond it requests are turned away.
MAX_BYTES_AT_ONCE = 160 * 1024**2


class Rate:
    """So many requests a minute for each key: a bucket that fills evenly, and holds a minute's.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key_id: str, per_minute: int) -> float:
        """Count one request; returns 0, or after how many seconds to come again."""
        now = self._clock()
        left, at = self._left.get(key_id, (float(per_minute), now))
        left = min(float(per_minute), left + (now - at) * per_minute / 60)
        if left < 1:
            self._left[key_id] = (left, now)
            return (1 - left) * 60 / per_minute
        self._left[key_id] = (left - 1, now)
        return 0.0


class Budget:
    """Bytes that the bodies of all requests together may hold; safe to share between threads."""

    def __init__(self, most: int = MAX_BYTES_AT_ONCE) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    def _hold(self, count: int) -> None:
        with self._lock:
            if self._held + count > self._most:
                raise busy()
            self._held += count

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """All of a request's body, which has its share as long as this lasts.

        Raises:
            Problem: it is too large, takes too long, or finds no room (of kind ``busy``).
            ClientDisconnect: it breaks off.
        """
        said = request.headers.get("content-length", "")
        if said.isascii() and said.isdigit() and int(said[:15]) > MAX_BODY_BYTES:
            raise _too_large()
        body, held = bytearray(), 0
        try:
            try:
                async with asyncio.timeout(BODY_TIMEOUT_S):
                    async for chunk in request.stream():
                        if held + len(chunk) > MAX_BODY_BYTES:
                            raise _too_large()
                        self._hold(len(chunk))
                        held += len(chunk)
                        body += chunk
            except TimeoutError:
                raise Problem(
                    "timeout",
                    f"The body did not arrive within {BODY_TIMEOUT_S:.0f} seconds.",
                    headers={"Connection": "close"},
                ) from None
            whole = bytes(body)
            # Twice as much would be held otherwise, for as long as this lasts.
            body.clear()
            yield whole
        finally:
            with self._lock:
                self._held -= held


def busy() -> Problem:
    """More was asked for at once than there is room for."""
    return Problem(
        "busy", "Too many requests are waiting for an answer.", headers={"Retry-After": "1"}
    )


def _too_large() -> Problem:
    return Problem(
        "too-large",
        f"A request can have {MAX_BODY_BYTES // 1024**2} MB at most.",
        # What is still on its way is not read.
        headers={"Connection": "close"},
    )


def check_pixels(files: Sequence[tuple[str, bytes]]) -> None:
    """Refuse images with more pixels together than one image may have. Only headers are read, so an
    image that is small as a file and huge in memory does no harm; large ones are decoded in a
    helper (:mod:`core.datasets.apart`).

    Raises:
        Problem: of kind ``too-large``.
    """
    pixels = sum(pixels_of(data) for _, data in files)
    most = settings.max_pixels()
    if pixels > most:
        raise Problem(
            "too-large",
            f"The images of a request can have {most / 1e6:,.0f} million pixels together; these "
            f"have {pixels / 1e6:,.0f}.",
        )


def pixels_of(data: bytes) -> int:
    """Width times height as the file's header has it; 0 if that can't be read."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return int(image.width * image.height)
    except Exception:
        return 0  # the decoder will say what is wrong with it
