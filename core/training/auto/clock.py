"""How much of the time that a person has given is left, and a listener that tells of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from core.progress import HandsOn, Reporter

# Needed at the end to save, check and test a model, before it was measured: seconds, and seconds an
# image.
_FINISH_S, _FINISH_EACH_S = 10.0, 0.002
# Besides, for each look at an image that a model has more than so many: to convert and check it.
_VIEWS, _VIEW_S = 2, 2.0


def finish_s(images: int) -> float:
    """About the seconds that saving, checking and testing take, for a dataset of so many images."""
    return _FINISH_S + _FINISH_EACH_S * images


def processor() -> float:
    """About the seconds that have passed on a machine which had nothing else to do.

    What this thread has computed, and its cores' share of what the process's other threads have: so
    as if these never worked while this one does, which counts a little too much. For benchmarks on
    machines that others use too; call it in one thread only.
    """
    mine = time.thread_time()
    return mine + (time.process_time() - mine) / (os.cpu_count() or 1)


class Clock:
    """Counts from when it is made.

    Args:
        seconds: that may be spent in all, from the start to the tested model.
        finish: of these, what is needed at the end to save, check and test.
        now: seconds since some moment.
        spent: of these, what was spent before.
    """

    def __init__(
        self,
        seconds: float,
        finish: float,
        now: Callable[[], float] = time.monotonic,
        spent: float = 0.0,
    ) -> None:
        self.seconds, self.finish = seconds, min(finish, seconds / 2)
        self._now, self._started = now, now() - spent
        self._more = 0.0

    def keep_for(self, views: int) -> None:
        """What is to be saved in the end looks so many times, its networks counted."""
        self._more = _VIEW_S * max(0, views - _VIEWS)

    @property
    def spent(self) -> float:
        return self._now() - self._started

    @property
    def left(self) -> float:
        """Seconds that can still be spent on trying; below 0 when it is time to finish."""
        return self.seconds - self.finish - self._more - self.spent


class Paced(HandsOn):
    """Hands on what is reported, with the time that is spent in the place of how far each step
    is."""

    def __init__(self, report: Reporter, clock: Clock) -> None:
        super().__init__(report)
        self._clock = clock

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        del phase, done, total
        whole = self._clock.seconds
        spent = min(self._clock.spent, whole)
        self._report.progress("search", int(spent), int(whole) or 1, note)
