"""Threads that predict for the API, so that neither the pages nor other requests wait.

Decoding an image and running a model let go of Python's lock, so threads use all cores, share the
loaded models, and a page's own thread gets its turn whenever it wants one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")

# More than cores, so that while some wait for the model others decode, and their images are asked
# about together.
_THREADS = min(16, 4 * (os.cpu_count() or 2))
_MOST_WAITING = 256


class Busy(Exception):
    """So much waits already that it is better to come back later."""


class Pool:
    """Threads with a queue that has an end.

    Args:
        threads: so many work at once.
        most: so much may be waiting or worked on; more is turned away.
    """

    def __init__(self, threads: int = _THREADS, most: int = _MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._room = threading.BoundedSemaphore(most)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have something done soon.

        Raises:
            Busy: too much is waiting.
        """
        if not self._room.acquire(blocking=False):
            raise Busy
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._room.release()
            raise
        future.add_done_callback(lambda _: self._room.release())
        return future

    def close(self) -> None:
        """Finish what is waiting, and end the threads."""
        self._threads.shutdown()


@cache
def prediction_pool() -> Pool:
    """The one pool of this process."""
    return Pool()
