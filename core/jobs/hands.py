"""One job done by several machines: cut into parts, which whoever is free takes and does.

Whoever has the job also does parts itself: those that nobody has taken, and those that others
couldn't do. So it never waits for a machine that may not come, only for what is being done.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

from core.catalog import Catalog, JobRecord, JobState
from core.errors import Cancelled, Unreachable
from core.jobs.machine import this_place
from core.progress import Reporter, Throttle, Wishes

_PAUSE_S = 0.1
_TELL_S = 0.4

Does = Callable[[dict[str, Any], Reporter], None]
Attend = Callable[[JobRecord, Reporter], contextlib.AbstractContextManager[Reporter]]


class SeveralHands:
    """The machines that can help with one job, as its owner sees them.

    Args:
        job: as it was claimed.
        report: of that job.
        machines: how many there are, this one among them.
        attend: gives the reporter of a claimed part, under which it is done.
    """

    def __init__(
        self,
        catalog: Catalog,
        job: JobRecord,
        report: Reporter,
        machines: int,
        attend: Attend,
    ) -> None:
        self._catalog, self._job, self._report = catalog, job, report
        self.machines, self._attend = machines, attend
        self._pause, self._due = threading.Event(), Throttle(_TELL_S)

    def share(
        self,
        kind: str,
        specs: Sequence[dict[str, Any]],
        here: Does,
        tell: Callable[[int], None],
    ) -> Generator[int]:
        """As :meth:`core.progress.Hands.share`.

        Raises:
            Cancelled: the job is to stop, or isn't this process's any more.
            Exception: what a part that others couldn't do raised when it was done here.
        """
        jobs, whole = self._catalog.jobs, self._job
        keeper = self._catalog.workspace.keeper
        if keeper is not None:
            keeper.settle()
        ids = jobs.add_parts(whole, kind, specs)

        def telling() -> None:
            self._report.check()
            if self._due():
                with contextlib.suppress(Unreachable):
                    tell(jobs.done_in_parts(whole.id))

        given = 0
        try:
            while given < len(ids):
                telling()
                try:
                    given = yield from self._ready(ids, given)
                    part = self._next(ids[given:])
                except Unreachable:
                    part = None  # the job's own heart says when that was too long
                if part is not None:
                    self._do(part, here, telling)
                elif given < len(ids):
                    self._pause.wait(_PAUSE_S)
        finally:
            with contextlib.suppress(Unreachable):
                jobs.end_parts(whole)

    def _ready(self, ids: Sequence[str], given: int) -> Generator[int, None, int]:
        """Numbers from ``given`` on, as far as all is done; returns the next one that isn't."""
        states = self._catalog.jobs.states_of_parts(self._job.id)
        keeper = self._catalog.workspace.keeper
        if keeper is not None and given < len(ids) and states.get(ids[given]) == "done":
            keeper.bring_again()
        while given < len(ids) and states.get(ids[given]) == "done":
            yield given
            given += 1
        return given

    def _next(self, ids: Sequence[str]) -> JobRecord | None:
        """A part to be done here: the first that waits, or one that somebody else couldn't do."""
        jobs = self._catalog.jobs
        mine: dict[str, Any] = {
            "pid": os.getpid(),
            "host": this_place(),
            "machine": self._job.machine,
        }
        part = jobs.claim("light", whole=self._job.id, **mine)
        if part is not None:
            return part
        states = jobs.states_of_parts(self._job.id)
        for each in ids:
            if states.get(each) in ("failed", "interrupted", "cancelled") and jobs.take_again(each):
                return jobs.claim("light", job_id=each, **mine)
        return None

    def _do(self, part: JobRecord, here: Does, telling: Callable[[], None]) -> None:
        ended: JobState = "failed"
        try:
            with self._attend(part, _Telling(telling)) as report:
                here(part.spec, report)
            ended = "done"
        except Cancelled:
            # The part may have been given to another, or the job be to stop, which is asked next.
            ended = "cancelled"
        finally:
            with contextlib.suppress(Unreachable):
                self._catalog.jobs.finish(part.id, ended, claim=part.claims)


class _Telling(Reporter):
    """Tells of the whole whenever a part tells of itself, and stops with it."""

    def __init__(self, telling: Callable[[], None]) -> None:
        self._telling = telling

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        del phase, done, total, note
        self._telling()

    def wishes(self) -> Wishes:
        return Wishes()
