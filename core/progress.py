"""How long work says where it is, and hears that it should stop.

Any function that may take more than a second takes a :class:`Reporter`. The base class does
nothing; it is what a caller gives who doesn't care (:data:`SILENT`). A job writes what is reported
to the database, the command line prints it, and a test collects it: the work itself knows of none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.errors import Cancelled
from core.text import size

_PAUSE_S = 0.1
PUBLISH = "publish"
"""The phase in which a folder goes into a store."""
FETCH = "fetch"
"""The phase in which it comes from there."""
# Phases that count bytes.
_IN_BYTES = ("download", PUBLISH, FETCH)


@dataclass(frozen=True)
class Wishes:
    """What the person wants of running work, beyond going on.

    Attributes:
        stop: ``keep`` ends training early and keeps the best until then; ``discard`` drops it all.
            Work that has nothing to keep takes both alike.
        paused: wait, keeping everything in memory, until this is false again.
        learning_rate: replaces the schedule's; ``None`` leaves it.
    """

    stop: Literal["", "keep", "discard"] = ""
    paused: bool = False
    learning_rate: float | None = None


class Hands(Protocol):
    """Other machines that do parts of a piece of work, and this one, which does those that nobody
    else has taken: so it always comes to its end."""

    @property
    def machines(self) -> int:
        """How many there are, this one among them: 2 or more."""

    def share(
        self,
        kind: str,
        specs: Sequence[dict[str, Any]],
        here: Callable[[dict[str, Any], Reporter], None],
        tell: Callable[[int], None],
    ) -> Generator[int]:
        """Have parts done: numbers of ``specs``, each once it is done and those before it are.

        Args:
            kind: the kind of job that does one elsewhere.
            specs: one a part.
            here: does one here.
            tell: called now and then with how much is done by all, as parts count it.
        """


class Gone(Exception):
    """A process that worked for somebody is there no more."""


class Colleague(Protocol):
    """A process on another machine that works for a piece of work until it leaves."""

    def ask(self, method: str, *given: Any) -> Callable[[], Any]:
        """Call a method of what was made there; gives what waits for its result, and raises
        :class:`Gone` if the process is there no more."""

    def leave(self) -> None:
        """End it."""


class Reporter:
    """Receives progress and events; the base class ignores them and never cancels."""

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        """Work ``phase`` (a short plain word) has finished ``done`` of ``total`` items."""

    def event(self, kind: str, **payload: Any) -> None:
        """Something worth keeping happened. ``payload`` must be JSON-serialisable."""

    def snapshot(self, kind: str, **payload: Any) -> None:
        """An event of which only the newest of its ``kind`` is worth keeping, since it is large."""

    def wishes(self) -> Wishes:
        """What the person wants by now; asked often, so it must cost nothing."""
        return Wishes()

    def cancelled(self) -> bool:
        """Whether the person has asked to stop."""
        return bool(self.wishes().stop)

    def hands(self) -> Hands | None:
        """Other machines that could do parts of it; ``None`` where this one is alone."""
        return None

    def hire(self, make: str, given: Sequence[Sequence[Any]]) -> list[Colleague]:
        """Processes on other machines, one for each of ``given``, as many as there is room for.

        Args:
            make: ``module:Name`` of what is called there with the values given, and then asked.
        """
        del make, given
        return []

    def publish(self) -> None:
        """Have what was made so far be on all computers, before anything says that it is there.

        Raises:
            Cancelled, LightboxError: the person has asked to stop; it can't be.
        """

    def kept(self, folder: str) -> None:
        """What a folder (named as :class:`core.keeper.Keeper` has it) holds by now is worth going
        on from, should this computer be lost."""

    def check(self) -> None:
        """Raise :class:`core.errors.Cancelled` when the person has asked to stop."""
        if self.cancelled():
            raise Cancelled

    def step(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        """Report progress, unless the person has asked to stop: :meth:`check` says so then."""
        self.check()
        self.progress(phase, done, total, note)


# Of a caller that doesn't care.
SILENT = Reporter()


class HandsOn(Reporter):
    """Hands on what is reported, and what is wished, as it is."""

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        self._report.progress(phase, done, total, note)

    def event(self, kind: str, **payload: Any) -> None:
        self._report.event(kind, **payload)

    def snapshot(self, kind: str, **payload: Any) -> None:
        self._report.snapshot(kind, **payload)

    def wishes(self) -> Wishes:
        return self._report.wishes()

    def hire(self, make: str, given: Sequence[Sequence[Any]]) -> list[Colleague]:
        return self._report.hire(make, given)

    def publish(self) -> None:
        self._report.publish()

    def kept(self, folder: str) -> None:
        self._report.kept(folder)


class ToTheEnd(HandsOn):
    """Hears no wish but that nothing be kept.

    For the rest of work that was stopped early to keep what there is: that wish still stands then.
    """

    def wishes(self) -> Wishes:
        wishes = self._report.wishes()
        return wishes if wishes.stop == "discard" else Wishes()


class Briefly(Reporter):
    """Lets work go on for a moment after somebody has asked for the end."""

    def __init__(self, seconds: float = 3.0) -> None:
        self._end = time.monotonic() + seconds

    def wishes(self) -> Wishes:
        return Wishes(stop="keep" if time.monotonic() > self._end else "")


def amount(phase: str, done: int, total: int) -> str:
    """How far a phase is: ``12 of 40``, or ``1.2 MB of 3.4 MB``."""
    if phase in _IN_BYTES:
        return f"{size(done)} of {size(total)}"
    return f"{done:,} of {total:,}"


def wait_while_paused(report: Reporter) -> float:
    """Block for as long as the person wants the work to pause; a stop ends the pause too.

    Returns the seconds that were waited, for whoever measures speed; 0.0 if there was no pause.
    """
    started = time.monotonic()
    waited = False
    while (wishes := report.wishes()).paused and not wishes.stop:
        waited = True
        time.sleep(_PAUSE_S)
    return time.monotonic() - started if waited else 0.0


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
