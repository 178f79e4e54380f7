"""How large an image a process decodes itself. In one that serves many, large ones are decoded in a
helper with limits, so that none takes the memory of all; and those of more than a few pixels as
many at once as there are processors: a pixel may take eleven bytes on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from core import settings
from core.contained import Limits, contained
from core.errors import UnreadableImage

T = TypeVar("T")
MOST_HERE = 12_500_000
_FEW = 2_000_000
# On the way to eight bits, and what the helper needs itself.
_BYTES_A_PIXEL, _OWN_MB = 24, 512
_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
# Large ones are decoded one after the other: each may take gigabytes.
_turn = threading.Lock()
_serves = False


class Large(Exception):
    """An image is too large for this process."""


def serve_many(yes: bool = True) -> None:
    """Whether large images are decoded apart in this process from now on."""
    global _serves
    _serves = yes


@contextmanager
def room_for(pixels: int) -> Iterator[None]:
    """So many pixels are decoded within.

    Raises:
        Large: they are to be decoded :func:`apart`.
    """
    if not _serves or pixels <= _FEW:
        yield
        return
    if pixels > MOST_HERE:
        raise Large
    with _turns:
        yield


def apart(function: Callable[..., T], *args: object, file: object) -> T:
    """What a function of an image says in a helper.

    Args:
        function: of a module of ours; it gets ``file`` too, as text, and returns plain values.

    Raises:
        UnreadableImage: as the function does; of kind ``too_large`` where a limit was reached.
    """
    memory = _OWN_MB + settings.max_pixels() * _BYTES_A_PIXEL // 1024**2
    too_much = UnreadableImage(
        "too_large",
        "Reading this image takes more memory than there is.",
        file=file,
        remedy="Make it smaller, or save it again as JPEG.",
    )
    with _turn:
        return contained(
            function,
            *args,
            file=None if file is None else str(file),
            limits=Limits(processor_s=120, still_s=1200, memory_mb=memory, file_mb=1),
            otherwise=too_much,
        )
