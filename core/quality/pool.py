"""Looks at many files with all processors, in helper processes or, for few files, in threads.

Reading an image is much small work in Python, so threads get in each other's way; and a file that
makes the decoder crash, or take all memory, takes down a helper only.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from core import settings
from core.addresses import is_address, shown
from core.datasets.greys import Range
from core.datasets.places import read_together
from core.errors import Cancelled
from core.helper import Ended, Helper
from core.quality.look import Looked, could_not_look, joined, look_at

# A helper takes about 0.15 s to start; fewer files than this are done sooner without.
_WORTH_HELPERS = 200
_MOST_HELPERS = 8
# So many groups of files are fetched from a bucket at once.
_FETCHES = 2
_Given = dict[str, bytes | str]
_CRASHED = (
    "Looking at this image crashed, or took more memory than there is. "
    "Make it smaller, or save it again as JPEG or PNG."
)


class Pool:
    """Looks at files below one folder; to be used in a ``with`` statement.

    Args:
        root: the folder.
        files: about how many there will be; decides about helpers.
        greys: as of :func:`core.quality.look.look_at`.
    """

    def __init__(self, root: Path, files: int, greys: Range | None = None) -> None:
        self._root, self._greys = shown(root), greys
        self._helpers_pay = files >= _WORTH_HELPERS
        self.workers = min(settings.cores(), _MOST_HELPERS)
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="look")
        # What is in a bucket is fetched while what came before is looked at.
        self._fetching = ThreadPoolExecutor(_FETCHES, thread_name_prefix="fetch")
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._helpers: list[Helper] = []
        self._idle: deque[Helper] = deque()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopped.set()
        for helper in self._helpers:
            helper.end()
        self._fetching.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)

    @property
    def pids(self) -> list[int]:
        """Process ids of the helpers."""
        return [helper.pid for helper in list(self._helpers)]

    def look(
        self, chunks: Iterable[Sequence[str]], meanwhile: Callable[[], None]
    ) -> Iterator[Looked]:
        """Answers for chunks of paths, in their order; only a few are asked for ahead.

        Args:
            meanwhile: called several times a second while there is no answer; may raise.
        """
        waiting: deque[Future[Looked]] = deque()
        remote = is_address(self._root)
        for chunk in chunks:
            fetched = self._fetching.submit(read_together, self._root, chunk) if remote else None
            waiting.append(self._threads.submit(self._look, chunk, fetched))
            if len(waiting) > 2 * self.workers:
                yield _result(waiting.popleft(), meanwhile)
        while waiting:
            yield _result(waiting.popleft(), meanwhile)

    def _look(self, paths: Sequence[str], fetched: Future[_Given] | None) -> Looked:
        return self._answer(paths, fetched.result() if fetched is not None else {})

    def _answer(self, paths: Sequence[str], given: _Given, *, alone: bool = False) -> Looked:
        if self._helpers_pay:
            try:
                return self._ask(paths, given)
            except Ended:
                if alone:
                    return could_not_look("unreadable", _CRASHED)
                # Which file it was is found by asking for each alone.
                parts = [{path: given[path]} if path in given else {} for path in paths]
                each = zip(paths, parts, strict=True)
                return joined([self._answer([path], part, alone=True) for path, part in each])
            except _CantStart:
                self._helpers_pay = False
        return look_at(self._root, paths, self._stopped.is_set, self._greys, given)

    def _ask(self, paths: Sequence[str], given: _Given) -> Looked:
        try:
            helper = self._idle.pop()
        except IndexError:
            helper = self._start()
        try:
            helper.ask((self._root, list(paths), self._greys, given))
            answer: Looked = helper.hear()
        except Ended:
            if self._stopped.is_set():
                raise Cancelled from None
            helper.end()
            with self._lock:
                self._helpers.remove(helper)
            raise
        self._idle.append(helper)
        return answer

    def _start(self) -> Helper:
        with self._lock:
            if self._stopped.is_set():
                raise Cancelled
            try:
                helper = Helper("core.quality.helper")
            except OSError as error:
                raise _CantStart from error
            self._helpers.append(helper)
        try:
            helper.hear()
        except Ended as error:
            if self._stopped.is_set():
                raise Cancelled from None
            raise _CantStart from error
        return helper


class _CantStart(Exception):
    """No helper could be started."""


def _result(future: Future[Looked], meanwhile: Callable[[], None]) -> Looked:
    while not wait([future], timeout=0.2).done:
        meanwhile()
    return future.result()
