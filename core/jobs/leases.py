"""How long a job is whose: what its owner keeps to, and what becomes of it when it is lost.

An owner that hasn't reached a database on a server for ``LEASE_S`` lets go of its job by its own
clock; others take a job for lost only after it was silent for longer than that (:class:`Silence`),
by their own too. Whoever claims it then has a higher number (``JobRecord.claims``), and with a
lower one nothing about the job can be written any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.catalog import Catalog, JobRecord
from core.errors import Unreachable
from core.jobs import lost
from core.jobs.machine import this_place

LEASE_S = 20.0
SILENT_S = 8.0
# How long this process must have listened in vain to a job whose process it can't ask about.
_LOST_S = 30.0
_INSIST_S = 60.0
_PAUSE_S = 1.0
# A job that so many owners have lost before is not tried again by itself.
MOST_LOST = 2

T = TypeVar("T")


def insist(do: Callable[[], T]) -> T | None:
    """Do something to the database, waiting for a server that can't be reached for a minute.

    Returns what it returns; ``None`` if the server didn't come back: it is left to others to
    notice.
    """
    pause, end = threading.Event(), time.monotonic() + _INSIST_S
    while True:
        try:
            return do()
        except Unreachable:
            if time.monotonic() > end:
                return None
            pause.wait(_PAUSE_S)


def let_go(catalog: Catalog, job: JobRecord, sentence: str) -> None:
    """Say that a running job was lost by its owner.

    Where several machines work for one catalog, the next one takes it, unless it was lost too
    often or is to stop; elsewhere it waits for a person, who may have closed the app on purpose.

    Args:
        job: as it was claimed.
        sentence: what happened, where it isn't taken by another one.
    """
    if (
        catalog.on_server
        and job.machine
        and job.lost < MOST_LOST
        and catalog.jobs.give_back(job.id, claim=job.claims)
    ):
        return
    catalog.jobs.finish(job.id, "interrupted", sentence, claim=job.claims)


class Silence:
    """Listens to the jobs of other processes (a command line, another app) of one workspace."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._heard: dict[str, tuple[float | None, float]] = {}

    def mark(self) -> None:
        """Mark those that have gone; to be called again and again."""
        silent = self._catalog.jobs.silent(SILENT_S)
        self._heard = {job.id: self._heard[job.id] for job in silent if job.id in self._heard}
        for job in silent:
            if has_ended(job) or self._is_lost(job):
                let_go(self._catalog, job, lost.without_a_word(job))

    def _is_lost(self, job: JobRecord) -> bool:
        """Whether this process has listened long enough to a silent job.

        Its process can't always be asked: it was on another computer (or in a container that was
        made anew), or after a restart its number belongs to another one. Only time during which
        this process was awake counts, so that a laptop that slept loses nothing.
        """
        beat, since = self._heard.get(job.id, (None, 0.0))
        now = time.monotonic()
        if job.id not in self._heard or beat != job.heartbeat_at:
            self._heard[job.id] = (job.heartbeat_at, now)
            return False
        return now - since > _LOST_S


def has_ended(job: JobRecord) -> bool:
    """Whether the process of a job was where this one is, and is there no more."""
    return job.host == this_place() and job.pid is not None and not _is_alive(job.pid)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        done = subprocess.run(
            ["tasklist", "/FI", f"PID eq {pid}", "/NH"], capture_output=True, text=True, check=False
        )
        return str(pid) in done.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
