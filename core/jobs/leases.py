"""How long a job is whose: what its owner keeps to, and what becomes of it when it is lost.

An owner that hasn't reached a database on a server for ``LEASE_S`` lets go of its job by its own
clock; others take a job for lost only after it was silent for longer than that (``silence``), by
their own too. Whoever claims it then has a higher number (``JobRecord.claims``), and with a lower
one nothing about the job can be written any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.catalog import Catalog, JobRecord
from core.errors import Unreachable

LEASE_S = 20.0
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
