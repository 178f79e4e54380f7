"""A worker process: ``python -m core.jobs.worker --lane train|light``.

It warms up (the train lane imports TensorFlow), says so, waits for jobs in the queue and does
them. It does one after the other for as long as :mod:`core.jobs.stay` lets it, tidying up in
between, and then ends with code 0 for the supervisor to start a fresh one. It ends at once when its
parent does: standard input is a pipe from the parent, and its end is noticed on every platform.
"""

from __future__ import annotations

import argparse
import importlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from core.lasting import lasting

with lasting():
    from core.catalog import Catalog, JobRecord, open_catalog
    from core.catalog.queue import ALL, Has
    from core.catalog.records import Lane
    from core.errors import Conflict, Unreachable
    from core.jobs import lost
    from core.jobs.execute import execute
    from core.jobs.leases import let_go
    from core.jobs.machine import this_place
    from core.jobs.stay import Stay
    from core.workspace import open_workspace

WARM = "warm"
BUSY = "busy"
_POLL_S = 0.15
_AWAY_S = 1.0
_PR_SET_PDEATHSIG = 1


class _Orphaned(threading.Thread):
    """Ends the process when standard input does, or on SIGTERM, after marking what it was doing."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="parent")
        # There is none before its server has answered.
        self.catalog: Catalog | None = None
        self.job: JobRecord | None = None
        self.leaving = threading.Event()
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True, name="parent's pipe").start()
        self._asked.get()
        self._end()

    def end(self, *_: object) -> None:
        """Ask for the end; may be called in a signal handler, in the middle of anything."""
        self._asked.put(None)

    def _listen(self) -> None:
        while sys.stdin.buffer.read(1):
            pass
        self.end()

    def _end(self) -> None:
        # In a thread of its own: the main thread may be in the middle of writing to the database,
        # and is let finish that.
        self.leaving.set()
        try:
            if self.catalog is not None and self.job is not None:
                now = self.catalog.jobs.get(self.job.id)
                if now.claims == self.job.claims:
                    let_go(self.catalog, now, lost.closed(now))
        finally:
            os._exit(0)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="core.jobs.worker")
    parser.add_argument("--lane", choices=("train", "light"), required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--also", action="append", default=[], help="module with more kinds")
    parser.add_argument("--machine", default="", help="the machine's id in the catalog")
    parser.add_argument("--memory", type=int, default=ALL.memory, help="the machine's, in bytes")
    parser.add_argument("--gpu", action="store_true", help="the machine has one")
    options = parser.parse_args(arguments)
    die_with_parent()
    parent = _Orphaned()
    parent.start()
    # Ctrl-C in the terminal reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, parent.end)
    catalog = parent.catalog = open_patiently(options.home)
    load_kinds(options.also)
    if options.lane == "train":
        from core.training.fitting.warmup import convert_included, tidy_up, warm_up

        # Whoever waits already isn't made to wait for what their own job loads as it goes.
        if not catalog.jobs.is_waited_for():
            warm_up()
            convert_included(catalog.workspace)
        _serve(catalog, options, parent, tidy_up)
    else:
        # What an import needs first, so that a click is answered at once.
        import core.quality.scan  # noqa: F401

        _serve(catalog, options, parent, lambda: None)
    return 0


def load_kinds(modules: Iterable[str]) -> None:
    """Import modules with more kinds of jobs."""
    for module in modules:
        importlib.import_module(module)


def open_patiently(home: Path) -> Catalog:
    """The catalog, once its server answers; the parent's end is noticed meanwhile."""
    while True:
        try:
            return open_catalog(open_workspace(home))
        except Unreachable as error:
            _say(str(error))
            time.sleep(_AWAY_S)


def _serve(
    catalog: Catalog,
    options: argparse.Namespace,
    parent: _Orphaned,
    tidy_up: Callable[[], object],
) -> None:
    stay, has = Stay(options.lane), Has(options.memory, options.gpu)
    while True:
        _say(WARM)
        while (job := claim_next(catalog, options.lane, options.machine, has)) is None:
            if parent.leaving.wait(_POLL_S):
                return
        parent.job = job
        _say(f"{BUSY} {job.id}")
        ended = execute(catalog, job)
        parent.job = None
        if job.kind != "prepare":
            # What was prepared is for the next job.
            tidy_up()
        if parent.leaving.is_set() or not stay.after(ended):
            return


def claim_next(catalog: Catalog, lane: Lane, machine: str, has: Has) -> JobRecord | None:
    """The next job; none while the database can't be asked, or others keep it busy."""
    try:
        return catalog.jobs.claim(
            lane, pid=os.getpid(), host=this_place(), machine=machine, has=has
        )
    except (Conflict, Unreachable):
        return None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def die_with_parent() -> None:
    """Ask Linux for a signal when the parent dies, should standard input be held by a sibling."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
