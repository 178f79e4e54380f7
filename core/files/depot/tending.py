"""What a process sees to besides: that what it has changed gets into the store, and that jobs wait
for no more than that."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from core.errors import Cancelled, LightboxError
from core.files.depot.depot import Depot
from core.files.depot.sending import OnItsWay
from core.keeper import Waiting
from core.progress import Briefly, Reporter

_TENDED_EVERY_S = 1.0
_CLEARED_EVERY_S = 600.0
# Looking at large folders takes no more than this share of the time.
_LOOKING = 0.02


def _passing() -> contextlib.suppress:
    """What can't be done now is done later."""
    return contextlib.suppress(LightboxError, OSError, SQLAlchemyError, Cancelled)


class TendedDepot(Depot):
    """A depot as a workspace has it: with somebody who sees to what is left over."""

    @property
    def name(self) -> str:
        """As :class:`core.keeper.Keeper` has it."""
        return self._disk.name

    def before_job(self) -> str:
        """As :class:`core.keeper.Keeper` has it: where somebody tends, a click needn't wait."""
        if self._tended:
            return self.name
        self.settle()
        return ""

    @contextmanager
    def deferring(self, waiting: Waiting, report: Reporter) -> Iterator[None]:
        """As :class:`core.keeper.Keeper` has it."""
        self._tended = True
        try:
            yield
        except BaseException:
            with _passing():
                self._catch_up(waiting, Briefly())
            raise
        else:
            self._catch_up(waiting, report)

    def _catch_up(self, waiting: Waiting, report: Reporter) -> None:
        self._tended = False
        self.settle(report)
        waiting.let_out(waiting.kept_back(self.name))
        self._clear_doomed()

    def _clear_doomed(self) -> None:
        for unit in self._disk.doomed():
            self._clear(unit)

    def tend(self, end: threading.Event, waiting: Waiting) -> None:
        """See to what is left over, then to what this process changes, until ``end``."""
        self._tended = True
        cleared, pause = time.monotonic(), 0.0
        settle, known = self.settle_all, set[str]()
        while not end.wait(pause):
            began = time.thread_time()
            with _passing():
                self._drop_passed_on()
                jobs = waiting.kept_back(self.name)
                # Workers of this computer take a new one at once, and publish it themselves.
                if known.issuperset(jobs):
                    settle(OnItsWay(waiting, jobs, end))
                    waiting.let_out(jobs)
                    settle = self.settle
                known = set(jobs)
                self._clear_doomed()
                if time.monotonic() - cleared > _CLEARED_EVERY_S:
                    cleared = time.monotonic()
                    self._make_room(0)
            pause = max(_TENDED_EVERY_S, (time.thread_time() - began) / _LOOKING)
        self._tended = False
