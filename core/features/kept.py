"""What was loaded last stays loaded, until others push it out or what it was loaded from
changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Loaded things by place; safe to share between threads.

    Two threads that ask for the same get the same one, and neither waits for others.

    Args:
        most: how many are kept; those unused for longest go first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._loaded: OrderedDict[Hashable, tuple[Hashable, T]] = OrderedDict()
        self._lock = threading.Lock()
        self._loading: dict[Hashable, threading.Lock] = {}

    def get(self, place: Hashable, state: Hashable, make: Callable[[], T]) -> T:
        """What is kept of ``place``, made anew if there is none or ``state`` is not what it was.

        Args:
            place: where it comes from; of one place only the newest is kept.
            state: another one means that it is outdated, such as times of change.
            make: loads it; what it raises is raised here, and nothing is kept.
        """
        with self._lock:
            loading = self._loading.setdefault(place, threading.Lock())
        with loading:
            with self._lock:
                known = self._loaded.get(place)
                if known is not None and known[0] == state:
                    self._loaded.move_to_end(place)
                    return known[1]
            made = make()
            with self._lock:
                self._loaded[place] = (state, made)
                self._loaded.move_to_end(place)
                while len(self._loaded) > self._most:
                    self._loading.pop(self._loaded.popitem(last=False)[0], None)
            return made

    def peek(self, place: Hashable) -> T | None:
        """What is kept of ``place``, or ``None``; waits for nobody."""
        with self._lock:
            known = self._loaded.get(place)
        return None if known is None else known[1]

    def clear(self) -> None:
        """Let go of all that is kept."""
        with self._lock:
            self._loaded.clear()
            self._loading.clear()

    def values(self) -> list[T]:
        """All that is kept, the one unused for longest first."""
        with self._lock:
            return [value for _, value in self._loaded.values()]

    def __len__(self) -> int:
        return len(self._loaded)
