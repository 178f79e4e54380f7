"""Jobs whose process has ended without a word: noticed, and let go of."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from core.catalog import Catalog, JobRecord
from core.jobs import lost
from core.jobs.leases import let_go
from core.jobs.machine import this_place

SILENT_S = 8.0
# How long this process must have listened in vain to a job whose process it can't ask about.
_LOST_S = 30.0


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
