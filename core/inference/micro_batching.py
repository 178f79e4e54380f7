"""Asks a model about the images of several callers at once.

While a model works on one request, others arrive. Answering all that wait in one go is cheaper than
one after the other, and whoever comes alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

# More at once are no quicker an image.
MOST = 16


@dataclass(eq=False)
class _Waiting:
    """One caller's images, and what becomes of them."""

    images: np.ndarray
    rows: Future[np.ndarray] = field(default_factory=Future)


class MicroBatcher:
    """A function of images that is called by one thread at a time, with what several asked for.

    Args:
        ask: takes images of shape (n, …) and gives n rows.
        most: so many images go together at most; a single caller may bring more.
    """

    def __init__(self, ask: Callable[[np.ndarray], np.ndarray], most: int = MOST) -> None:
        self._ask = ask
        self._most = most
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._busy = False

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The rows for these images. What ``ask`` raises reaches everybody who was asked for."""
        mine = _Waiting(images)
        with self._changed:
            self._queue.append(mine)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: mine.rows.done() or not self._busy)
                if mine.rows.done():
                    return mine.rows.result()
                self._busy = True
                batch = self._take()
            try:
                self._answer(batch)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _take(self) -> list[_Waiting]:
        """Those who have waited for longest, at least one; all bring images of one shape."""
        batch = [self._queue.popleft()]
        count = len(batch[0].images)
        while self._queue and count + len(self._queue[0].images) <= self._most:
            batch.append(self._queue.popleft())
            count += len(batch[-1].images)
        return batch

    def _answer(self, batch: list[_Waiting]) -> None:
        images = [each.images for each in batch]
        try:
            rows = self._ask(images[0] if len(images) == 1 else np.concatenate(images))
        except BaseException as error:
            for each in batch:
                each.rows.set_exception(error)
            return
        start = 0
        for each in batch:
            each.rows.set_result(rows[start : start + len(each.images)])
            start += len(each.images)
