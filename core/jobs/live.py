"""A running (or ended) job as a page or a terminal wants to see it: one frozen view."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.catalog import Catalog, EventRecord, JobRecord
from core.catalog.records import ACTIVE
from core.jobs.crew import nobody_for
from core.jobs.curves import Curves, curves
from core.jobs.kinds import KINDS
from core.progress import FETCH, PUBLISH

__all__ = ["Curves", "JobView", "curves", "live"]

_SOON_S = 10.0
# Of work that many kinds have in them; what only one does is said in its own file.
_PHASES = {
    "find": "Looking for images",
    "scan": "Looking at images",
    "copies": "Looking for near-duplicates",
    "decode": "Reading images",
    "download": "Downloading weights",
    "features": "Computing features",
    "search": "Finding what is best for these images",
    "fit": "Training",
    "export": "Saving and checking the model",
    "evaluate": "Testing",
    FETCH: "Fetching it from the store",
    PUBLISH: "Saving it for all computers",
}


@dataclass(frozen=True)
class JobView:
    """What is known about a job now.

    Attributes:
        job: its row.
        doing: what it is at, in words.
        fraction: of the current phase, 0 to 1; ``None`` if its length isn't known.
        seconds_left: of the current phase; ``None`` if it can't be said yet.
        ahead: for a queued job, how many of its lane run or are to run before it.
        paused: it runs, and waits for the person to let it go on.
        begun: parts of this attempt at a training that have begun (``search``, ``export`` …), in
            that order, with when, in seconds since 1970.
    """

    job: JobRecord
    doing: str
    fraction: float | None
    seconds_left: float | None
    ahead: int
    paused: bool
    begun: Mapping[str, float] = field(default_factory=dict)


def live(catalog: Catalog, job_id: str) -> JobView:
    """The job as it is now.

    Raises:
        NotFound: there is no such job.
    """
    job = catalog.jobs.get(job_id)
    fraction = None
    if job.total:
        fraction = min(1.0, job.done / job.total)
    told = catalog.jobs.events(job.id, kinds=("phase",)) if job.started_at is not None else []
    return JobView(
        job=job,
        doing=_doing(catalog, job),
        fraction=fraction,
        seconds_left=_left(catalog, job, fraction, told),
        ahead=0 if _nobody(catalog, job) else _ahead(catalog, job),
        paused=_paused(job),
        begun=_begun(job, told),
    )


def _begun(job: JobRecord, told: list[EventRecord]) -> dict[str, float]:
    found: dict[str, float] = {}
    for event in told:
        # What was told before it was started (again) was another attempt's.
        if event.at >= (job.started_at or 0.0) and event.payload["state"] == "started":
            found.pop(event.payload["phase"], None)
            found[event.payload["phase"]] = event.at
    return found


def _ahead(catalog: Catalog, job: JobRecord) -> int:
    if job.state != "queued":
        return 0
    waiting = [other.id for other in catalog.jobs.queue(job.lane)]
    running = len(catalog.jobs.all(states=("running",), lane=job.lane))
    # It may have been taken since it was read.
    return running + (waiting.index(job.id) if job.id in waiting else 0)


def _paused(job: JobRecord) -> bool:
    return job.state == "running" and job.wishes.paused and not job.wishes.stop


def _nobody(catalog: Catalog, job: JobRecord) -> str:
    """Why it isn't begun, where it can't be."""
    # Right after the start of an app its workers have not said yet that they are there.
    if job.state != "queued" or time.time() - job.created_at < _SOON_S:
        return ""
    return nobody_for(catalog, job)


def _doing(catalog: Catalog, job: JobRecord) -> str:
    if job.state == "queued" and job.phase == PUBLISH:
        return _PHASES[PUBLISH]
    if job.state in ("queued", "held"):
        nobody = _nobody(catalog, job)
        return f"Waiting to start: {nobody}" if nobody else "Waiting to start"
    if _paused(job):
        return "Paused"
    return job.note or _words(job.phase)


def _words(phase: str) -> str:
    """A phase in words; kinds do parts of each other's work, so those of all are looked through."""
    said = (kind.phases[phase] for kind in KINDS.values() if phase in kind.phases)
    return _PHASES.get(phase) or next(said, "Starting")


def _left(
    catalog: Catalog, job: JobRecord, fraction: float | None, told: list[EventRecord]
) -> float | None:
    if job.state not in ACTIVE or job.started_at is None:
        return None
    if job.phase == "fit":
        latest = catalog.jobs.latest_event(job.id, "batch")
        if latest is None or latest.payload.get("seconds_left") is None:
            return None
        passed = 0.0 if _paused(job) else time.time() - latest.at
        return max(0.0, latest.payload["seconds_left"] - passed)
    since = time.time() - (told[-1].at if told else job.started_at)
    if not fraction or since < 1 or fraction >= 1:
        return None
    return since * (1 - fraction) / fraction
