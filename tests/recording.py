"""A reporter that keeps what it is told, for tests to look at."""

from __future__ import annotations

from typing import Any

from core.progress import Reporter


class RecordingReporter(Reporter):
    """Keeps everything that it is told, in order."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int | None, str]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        self.steps.append((phase, done, total, note))

    def event(self, kind: str, **payload: Any) -> None:
        self.events.append((kind, payload))

    def snapshot(self, kind: str, **payload: Any) -> None:
        self.events.append((kind, payload))
