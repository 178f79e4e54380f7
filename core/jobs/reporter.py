"""A reporter that writes to the database, and a heart that beats while the work is busy."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.catalog import Catalog, JobRecord
from core.errors import Cancelled
from core.progress import Reporter, Throttle, Wishes

BEAT_S = 0.4


class DatabaseReporter(Reporter):
    """Progress and events of one claimed job; used as a context manager around the work.

    A thread beats a few times a second, which says that the process lives even while it is inside
    a long native call or paused, and learns what the person wants.

    Args:
        job: as :meth:`core.catalog.jobs.Jobs.claim` returned it.
        echo: told of everything too (the command line prints it).

    Raises:
        Cancelled: from whatever is reported once the job is no longer this process's. It was given
            up while this process was silent (asleep, for example), and may be running elsewhere by
            now, with the same files.
    """

    def __init__(self, catalog: Catalog, job: JobRecord, echo: Reporter | None = None) -> None:
        self._jobs, self._job, self._echo = catalog.jobs, job, echo or Reporter()
        self._end = threading.Event()
        self._wishes, self._stopped_here, self._lost = job.wishes, False, False
        self._due = Throttle(0.25)
        self._phase = ""
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> DatabaseReporter:
        self._listen()
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._heart.join()

    def cancel(self) -> None:
        """Ask the work to stop and keep what it has, from this process (Ctrl-C)."""
        self._stopped_here = True

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        self._still_ours()
        self._echo.progress(phase, done, total, note)
        if self._due() or phase != self._phase or done == total:
            self._phase = phase
            self._jobs.progress(self._job.id, phase, done, total, note)

    def event(self, kind: str, **payload: Any) -> None:
        self._still_ours()
        self._echo.event(kind, **payload)
        self._jobs.append_event(self._job.id, kind, payload)

    def snapshot(self, kind: str, **payload: Any) -> None:
        self._still_ours()
        self._echo.snapshot(kind, **payload)
        self._jobs.replace_event(self._job.id, kind, payload)

    def wishes(self) -> Wishes:
        wishes = self._wishes
        if (self._stopped_here or self._lost) and not wishes.stop:
            return dataclasses.replace(wishes, stop="keep")
        return wishes

    def _still_ours(self) -> None:
        if self._lost:
            raise Cancelled

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            self._listen()

    def _listen(self) -> None:
        try:
            wishes = self._jobs.heartbeat(self._job.id, claim=self._job.started_at)
        except SQLAlchemyError:
            # A locked or full database must not end the heart; the next beat tries again.
            return
        if wishes is None:
            self._lost = True
        else:
            self._wishes = wishes
