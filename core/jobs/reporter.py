"""A reporter that writes to the database, and a heart that beats while the work is busy."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.catalog import Catalog
from core.progress import Reporter, Throttle

BEAT_S = 1.0


class DatabaseReporter(Reporter):
    """Progress and events of one job; used as a context manager around the work.

    A thread beats every second, which says that the process lives even while it is inside a long
    native call, and learns whether a stop was asked for.

    Args:
        echo: told of everything too (the command line prints it).
    """

    def __init__(self, catalog: Catalog, job_id: str, echo: Reporter | None = None) -> None:
        self._jobs, self._job_id, self._echo = catalog.jobs, job_id, echo or Reporter()
        self._cancel, self._end = threading.Event(), threading.Event()
        self._due = Throttle(0.25)
        self._phase = ""
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> DatabaseReporter:
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._heart.join()

    def cancel(self) -> None:
        """Ask the work to stop, from this process (Ctrl-C)."""
        self._cancel.set()

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        self._echo.progress(phase, done, total, note)
        if self._due() or phase != self._phase or done == total:
            self._phase = phase
            self._jobs.progress(self._job_id, phase, done, total, note)

    def event(self, kind: str, **payload: Any) -> None:
        self._echo.event(kind, **payload)
        self._jobs.append_event(self._job_id, kind, payload)

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S / 2):
            try:
                if self._jobs.heartbeat(self._job_id):
                    self._cancel.set()
            except SQLAlchemyError:
                # A locked or full database must not end the heart; the next beat tries again.
                continue
