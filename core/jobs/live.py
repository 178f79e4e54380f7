"""A running (or ended) job as a page or a terminal wants to see it: one frozen view; and how far it
is, which of a training is the whole, from its start to the tested model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.catalog import Catalog, EventRecord, JobRecord, RunRecord
from core.catalog.records import ACTIVE
from core.jobs.crew import nobody_for
from core.jobs.curves import Curves, curves
from core.jobs.kinds import KINDS
from core.progress import FETCH, PUBLISH
from core.text import duration

__all__ = ["Curves", "JobView", "curves", "live"]

# More is not claimed before the end: what is expected is only what it took another time.
_ALMOST = 0.98
# Seconds beyond what was expected that are worth a word.
_WORTH_A_WORD = 3
_LONGER = "a little longer than thought"
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
    began, before = (told[-1].at if told else job.started_at), 0
    part = catalog.jobs.latest_event(job.id, "part")
    if part is not None and part.at > began and part.payload["phase"] == job.phase:
        began, before = part.at, part.payload["done"]
    since, done = time.time() - began, job.done - before
    if not fraction or since < 1 or fraction >= 1 or not job.total or done <= 0:
        return None
    return since * (job.total - job.done) / done


@dataclass(frozen=True)
class Whole:
    """Where a job is.

    Attributes:
        fraction: 0 to 1; ``None`` where nothing is known of its length.
        seconds_left: likewise.
        at_most: it may well end earlier: nothing like it was measured here before.
        late: seconds by which it is behind what was expected.
    """

    fraction: float | None
    seconds_left: float | None
    at_most: bool = False
    late: float = 0.0

    @property
    def words(self) -> str:
        """``about 12 s left``, ``4 min 43 s at most``, ``a little longer than thought``; "" where
        it can't be said, or is over."""
        if self.seconds_left is None:
            return ""
        if self.seconds_left < 1:
            return _LONGER if self.late > _WORTH_A_WORD else ""
        time = duration(self.seconds_left)
        return f"{time} at most" if self.at_most else f"about {time} left"


def how_far(catalog: Catalog, view: JobView) -> Whole:
    """How far a job is by now: a training as a whole, another in the part that it is at."""
    if view.job.kind != "train" or not (run_id := view.job.spec.get("run_id")):
        return Whole(view.fraction, view.seconds_left)
    return whole(catalog.runs.get(run_id), view)


def whole(run: RunRecord, view: JobView) -> Whole:
    """How far a run is by now.

    It goes by what was expected of it from what was measured before; Auto, where nothing was, by
    the time that it may take; others by how far they are in the part that they are at. Once it has
    learned, sooner or later than expected, it goes by what the end takes.
    """
    job = view.job
    if job.state != "running" or job.started_at is None:
        return Whole(None, None)
    now, expected = time.time(), run.summary.expected
    passed, end = now - job.started_at, run.summary.expected_end or 0.0

    def with_left(left: float, *, at_most: bool = False, late: float = 0.0) -> Whole:
        return Whole(min(_ALMOST, passed / max(1e-3, passed + left)), left, at_most, late)

    if "export" in view.begun and end:
        rest = end - (now - view.begun["export"])
        return with_left(max(0.0, rest), late=max(0.0, -rest))
    if job.phase == "fit" and view.seconds_left is not None:
        # Its own steps say it better than what was measured before, and don't count a pause.
        return with_left(view.seconds_left + end)
    limit = 60 * float(run.spec.get("minutes", 0.0))
    if not expected and run.spec.get("refits"):
        return Whole(None, None)
    if not (total := expected or limit):
        return Whole(view.fraction, view.seconds_left)
    left = max(total - passed, min(end, total), 0.0)
    return with_left(left, at_most=not expected, late=max(0.0, passed - total))
