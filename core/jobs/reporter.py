"""A reporter that writes to the database, and a heart that beats while the work is busy."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core import settings
from core.catalog import Catalog, JobRecord
from core.catalog.machines import RAY
from core.errors import Cancelled, LightboxError, Unreachable
from core.jobs.hands import SeveralHands
from core.jobs.leases import LEASE_S
from core.progress import PUBLISH, Colleague, Reporter, Throttle, Wishes

BEAT_S = 0.4
# As long as it takes others to notice that a computer is gone (38 s) is lost in any case.
KEPT_EVERY_S = 30.0
_KEPT_SHARE = 0.05


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
        self._catalog = catalog
        self._end = threading.Event()
        self._wishes, self._stopped_here, self._lost = job.wishes, False, False
        self._claim, self._on_server = job.claims, catalog.on_server
        self._heard = time.monotonic()
        self._kept_from = self._heard + KEPT_EVERY_S
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
        next_part = phase != self._phase
        if self._due() or next_part or done == total:
            # The first one begins with the job.
            told, self._phase = next_part and self._phase, phase
            # Where it can't be said just now, the next one is as good.
            with contextlib.suppress(Unreachable):
                self._jobs.progress(self._job.id, phase, done, total, note, claim=self._claim)
                if told:
                    begun = {"phase": phase, "done": done}
                    self._jobs.replace_event(self._job.id, "part", begun, claim=self._claim)

    def event(self, kind: str, **payload: Any) -> None:
        self._still_ours()
        self._echo.event(kind, **payload)
        at = time.time()
        self._insist(
            lambda again: self._jobs.append_event(
                self._job.id, kind, payload, claim=self._claim, at=at, again=again
            )
        )

    def snapshot(self, kind: str, **payload: Any) -> None:
        self._still_ours()
        self._echo.snapshot(kind, **payload)
        self._insist(
            lambda _: self._jobs.replace_event(self._job.id, kind, payload, claim=self._claim)
        )

    def wishes(self) -> Wishes:
        wishes = self._wishes
        if (self._stopped_here or self.lost) and not wishes.stop:
            return dataclasses.replace(wishes, stop="keep")
        return wishes

    def hands(self) -> SeveralHands | None:
        """Other machines of the catalog that do light work, beside this one."""
        here = self._job.machine
        try:
            machines = self._catalog.machines.all()
        except Unreachable:
            return None
        # Beside a command, the app's own workers on its computer are no help: it uses all of it.
        others = sum(
            each.hands(settings.ray_cores("light")) - (each.id == here)
            for each in machines
            if "light" in each.lanes and (here or each.host != socket.gethostname())
        )
        if others < 1:
            return None
        return SeveralHands(
            self._catalog,
            self._job,
            self,
            1 + others,
            lambda part, echo: DatabaseReporter(self._catalog, part, echo),
        )

    def hire(self, make: str, given: Sequence[Sequence[Any]]) -> list[Colleague]:
        """On a Ray cluster, where this job is on one."""
        if not self._job.machine.startswith(RAY):
            return []
        from core.jobs.cluster.company import hire

        return hire(make, given, self.check)

    def publish(self) -> None:
        """Where files lie in a store: have what this process has changed be there, and let others
        go on with the job should it be lost."""
        keeper = self._catalog.workspace.keeper
        if keeper is None:
            return
        self.event("phase", phase=PUBLISH, state="started")
        keeper.settle(self)
        self._jobs.let_out([self._job.id])
        self.event("phase", phase=PUBLISH, state="done")

    def kept(self, folder: str) -> None:
        """Where files lie in a store, the folder is put there: not before the job is as old as a
        person would mind to lose, and never so often that it takes more than a small share of the
        time."""
        keeper, began = self._catalog.workspace.keeper, time.monotonic()
        if keeper is None or began < self._kept_from:
            return
        try:
            # What can't be said now is said with the next.
            with contextlib.suppress(LightboxError, OSError):
                keeper.publish(folder)
        except Cancelled:
            self._lost = True
            raise
        took = time.monotonic() - began
        self._kept_from = began + max(KEPT_EVERY_S, took / _KEPT_SHARE)

    @property
    def lost(self) -> bool:
        """Whether the job is no longer this process's: it was given up, or the database has not
        been reached for so long that others may give it up any moment."""
        if self._on_server and time.monotonic() - self._heard > LEASE_S:
            self._lost = True
        return self._lost

    def _still_ours(self) -> None:
        if self.lost:
            raise Cancelled

    def _insist(self, say: Callable[[bool], bool]) -> None:
        """Say something, and say it again while the database can't be reached.

        Args:
            say: told whether it is said again; returns whether the job is still this process's.

        Raises:
            Cancelled: it is not.
        """
        again = False
        while True:
            try:
                if not say(again):
                    self._lost = True
                    raise Cancelled
                return
            except Unreachable:
                again = True
                self._still_ours()
                self._end.wait(BEAT_S)

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            self._listen()

    def _listen(self) -> None:
        try:
            wishes = self._jobs.heartbeat(self._job.id, claim=self._claim)
        except (SQLAlchemyError, LightboxError):
            # A locked or full database must not end the heart; the next beat tries again.
            return
        self._heard = time.monotonic()
        if wishes is None:
            self._lost = True
        else:
            self._wishes = wishes
