"""A folder on its way into a store, or here: what has arrived already, and how far it is."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from core.files.depot.manifest import Entry, Manifest
from core.files.depot.places import Tell
from core.keeper import Waiting
from core.progress import FETCH, PUBLISH, HandsOn, Reporter, Throttle, Wishes

SOON_S = 1.0
WORDS = "Saving it for all computers"


class OnItsWay(Reporter):
    """Tells waiting jobs how far their files are, and hears the end of the process.

    Args:
        jobs: their ids.
    """

    def __init__(self, waiting: Waiting, jobs: Sequence[str], end: threading.Event) -> None:
        self._waiting, self._jobs, self._end = waiting, jobs, end
        self._due = Throttle(0.5)

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        del phase, note
        if self._jobs and self._due():
            self._waiting.on_its_way(self._jobs, done, total)

    def wishes(self) -> Wishes:
        return Wishes(stop="keep" if self._end.is_set() else "")


class Arriving:
    """A folder on its way from a store. That it comes is said only where it takes a while.

    Args:
        report: hears how far it is, in bytes.
        total: bytes of it.
    """

    def __init__(self, report: Reporter, total: int) -> None:
        self._report, self._total = report, total
        self._done, self._from = 0, time.monotonic() + SOON_S
        self._lock = threading.Lock()

    def came(self, size: int) -> None:
        """A file of so many bytes is here."""
        with self._lock:
            self._done += size

    def tell(self) -> None:
        """Report how far it is.

        Raises:
            Cancelled: it is to stop.
        """
        self._report.check()
        if time.monotonic() >= self._from:
            self._report.progress(FETCH, self._done, self._total, "Fetching it from the store")


class Whole(HandsOn):
    """How far several folders are, one after the other.

    Args:
        sizes: bytes of each.
    """

    def __init__(self, report: Reporter, sizes: Iterable[int]) -> None:
        super().__init__(report)
        self._sizes = list(sizes)
        self._all, self._before = sum(self._sizes), 0

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        if total is not None:
            done, total = self._before + done, max(self._all, self._before + total)
        self._report.progress(phase, done, total, note)

    def next(self) -> None:
        """One of them is there."""
        self._before += self._sizes.pop(0)


class Sending:
    """One publication.

    What has arrived is written down, so that one that is broken off sends nothing twice when it is
    taken up again.

    Args:
        noted: the file for that.
        report: hears how far it is, in bytes.
    """

    def __init__(self, noted: Path, report: Reporter) -> None:
        self._noted, self._report = noted, report
        self._lock = threading.Lock()
        self._arrived: dict[tuple[str, str], Entry] = {}
        self._total, self._sum, self._done = 0, 0, dict[str, int]()
        with contextlib.suppress(OSError):
            for line in noted.read_text(encoding="utf-8").splitlines():
                # The last line may have been cut off.
                with contextlib.suppress(ValueError, TypeError):
                    path, *entry = json.loads(line)
                    self._know(path, Entry(*entry))

    def begin(self, sizes: Mapping[str, int]) -> None:
        """Say what has to be sent: bytes by path."""
        self._total, self._sum, self._done = sum(sizes.values()), 0, {}

    def found(self, path: str, digest: str) -> Entry | None:
        """A file that has arrived before, if it is the same still."""
        return self._arrived.get((path, digest))

    def telling(self, path: str) -> Tell:
        """What hears how many bytes of a file have gone; it ends the sending if that is wished."""

        def tell(done: int) -> None:
            self._report.check()
            with self._lock:
                self._sum += done - self._done.get(path, 0)
                self._done[path] = done

        return tell

    def arrived(self, path: str, entry: Entry) -> None:
        """Note that a file lies in the store now."""
        with self._lock:
            self._know(path, entry)
            with self._noted.open("a", encoding="utf-8") as out:
                out.write(json.dumps([path, *entry], ensure_ascii=False) + "\n")

    def tell(self) -> None:
        """Report how far it is.

        Raises:
            Cancelled: it is to stop.
        """
        self._report.check()
        if self._total:
            self._report.progress(PUBLISH, min(self._sum, self._total), self._total, WORDS)

    def end(self, now: Manifest) -> list[str]:
        """Forget what was noted, once the folder is what a manifest says; returns names of what has
        arrived in vain."""
        self._noted.unlink(missing_ok=True)
        used = {entry.name for entry in now.files.values()}
        return [entry.name for entry in self._arrived.values() if entry.name not in used]

    def _know(self, path: str, entry: Entry) -> None:
        self._arrived[path, entry.hash] = entry
