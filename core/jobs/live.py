"""A running (or ended) job as a page or a terminal wants to see it: one frozen view."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from core.catalog import Catalog, JobRecord

_PHASES = {
    "find": "Looking for images",
    "write": "Writing the sample",
    "unpack": "Unpacking",
    "scan": "Looking at images",
    "copies": "Looking for near-duplicates",
    "suspects": "Comparing labels with what images look like",
    "decode": "Reading images",
    "download": "Downloading weights",
    "features": "Computing features",
    "fit": "Training",
    "export": "Saving and checking the model",
    "evaluate": "Testing",
}


@dataclass(frozen=True)
class Live:
    """What is known about a job now.

    Attributes:
        job: its row.
        doing: what it is at, in words.
        fraction: of the current phase, 0 to 1; ``None`` if its length isn't known.
        seconds_left: of the current phase; ``None`` if it can't be said yet.
        ahead: for a queued job, how many are before it.
    """

    job: JobRecord
    doing: str
    fraction: float | None
    seconds_left: float | None
    ahead: int


@dataclass(frozen=True)
class Curves:
    """A run's metrics so far.

    Attributes:
        epochs: one entry a finished epoch, as :class:`core.training.fitting.callback.Live` reports.
        batches: one entry a reported group of batches, with ``at``: its place in epochs, 0.5 being
            half of the first.
        notes: sentences for the person.
    """

    epochs: list[dict[str, Any]]
    batches: list[dict[str, Any]]
    notes: list[str]

    @property
    def best(self) -> dict[str, Any] | None:
        """The best epoch so far."""
        return next((entry for entry in reversed(self.epochs) if entry["best"]), None)


def live(catalog: Catalog, job_id: str) -> Live:
    """The job as it is now.

    Raises:
        NotFound: there is no such job.
    """
    job = catalog.jobs.get(job_id)
    fraction = None
    if job.total:
        fraction = min(1.0, job.done / job.total)
    ahead = 0
    if job.state == "queued":
        waiting = catalog.jobs.all(states=("queued", "running"))
        ahead = sum(
            other.lane == job.lane and other.created_at < job.created_at for other in waiting
        )
    return Live(job, _doing(job), fraction, _left(catalog, job, fraction), ahead)


def curves(catalog: Catalog, job_id: str) -> Curves:
    """A run's metrics so far, from its events."""
    epochs, batches, notes = [], [], []
    for event in catalog.jobs.events(job_id, kinds=("epoch", "batch", "note")):
        if event.kind == "epoch":
            epochs.append(event.payload)
        elif event.kind == "batch":
            payload = event.payload
            at = payload["epoch"] - 1 + payload["batch"] / payload["batches"]
            batches.append({**payload, "at": at})
        else:
            notes.append(str(event.payload["text"]))
    return Curves(epochs, batches, notes)


def _doing(job: JobRecord) -> str:
    if job.state in ("queued", "held"):
        return "Waiting to start"
    return job.note or _PHASES.get(job.phase, "Starting")


def _left(catalog: Catalog, job: JobRecord, fraction: float | None) -> float | None:
    if job.state != "running" or job.started_at is None:
        return None
    if job.phase == "fit":
        latest = catalog.jobs.latest_event(job.id, "batch")
        if latest is not None and latest.payload.get("seconds_left") is not None:
            return max(0.0, latest.payload["seconds_left"] - (time.time() - latest.at))
        return None
    started = catalog.jobs.latest_event(job.id, "phase")
    since = time.time() - (started.at if started is not None else job.started_at)
    if not fraction or since < 1 or fraction >= 1:
        return None
    return since * (1 - fraction) / fraction
