"""Waiting for a condition, which is what tests do here instead of sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float, what: str = "the condition") -> T:
    """Ask ``condition`` until its answer is true, and return that answer.

    Raises:
        AssertionError: it was not true within ``timeout`` seconds.
    """
    pause = threading.Event()
    end = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {timeout:g} s")
        pause.wait(0.05)
