"""How long work says where it is, and hears that it should stop.

Any function that may take more than a second takes a :class:`Reporter`. The base class does
nothing, so a caller that doesn't care passes nothing. A job writes what is reported to the
database, the command line prints it, and a test collects it: the work itself knows of none.
"""

from __future__ import annotations

import time
from typing import Any

from core.errors import Cancelled


class Reporter:
    """Receives progress and events; the base class ignores them and never cancels."""

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        """Work ``phase`` (a short plain word) has finished ``done`` of ``total`` items."""

    def event(self, kind: str, **payload: Any) -> None:
        """Something worth keeping happened. ``payload`` must be JSON-serialisable."""

    def cancelled(self) -> bool:
        """Whether the person has asked to stop."""
        return False

    def check(self) -> None:
        """Raise :class:`core.errors.Cancelled` when the person has asked to stop."""
        if self.cancelled():
            raise Cancelled


class RecordingReporter(Reporter):
    """Keeps everything that it is told, in order; for tests and for short work in a page."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int | None, str]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        self.steps.append((phase, done, total, note))

    def event(self, kind: str, **payload: Any) -> None:
        self.events.append((kind, payload))


class Throttle:
    """True at most every ``seconds`` seconds, and the first time it is asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._last = float("-inf")

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._last < self.seconds:
            return False
        self._last = now
        return True
