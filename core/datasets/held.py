"""How large an image a process decodes itself. One that serves many has large ones decoded apart
(:mod:`core.datasets.apart`), and those of more than a few pixels as many at once as there are
processors: a pixel may take eleven bytes on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

MOST_HERE = 12_500_000
_FEW = 2_000_000


class Elsewhere(Protocol):
    """Decodes what is too large for this process, as :mod:`core.datasets.images` would."""

    def open(self, data: bytes, *, file: object, draft: Any, decoding: Any) -> Any: ...

    def decode(self, data: bytes, size: int, *, fit: Any, file: object, decoding: Any) -> Any: ...


class Large(Exception):
    """An image is too large for this process."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        super().__init__()
        self.elsewhere = elsewhere


_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
_elsewhere: Elsewhere | None = None


def hand_over_to(elsewhere: Elsewhere | None) -> None:
    """From now on this process has large images decoded elsewhere; ``None``: it does so itself."""
    global _elsewhere
    _elsewhere = elsewhere


@contextmanager
def room_for(pixels: int) -> Iterator[None]:
    """So many pixels are decoded within.

    Raises:
        Large: they are decoded elsewhere.
    """
    if _elsewhere is None or pixels <= _FEW:
        yield
        return
    if pixels > MOST_HERE:
        raise Large(_elsewhere)
    with _turns:
        yield
