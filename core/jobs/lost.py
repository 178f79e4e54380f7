"""What a person is told about a job that did not come to its own end, and what to do then."""

from __future__ import annotations

import signal

from core.catalog import JobRecord
from core.jobs.kinds import resumes


def _then(job: JobRecord, anew: str = "Start it again.") -> str:
    """What to do: resume it, or ``anew`` where it can't be."""
    return "Resume it to go on from what it had kept." if resumes(job.kind) else anew


def closed(job: JobRecord) -> str:
    """The app was closed while it ran or was paused."""
    state = "paused" if job.wishes.paused else "running"
    then = _then(job, "Start it again to do it anew.")
    return f"Lightbox was closed while this was {state}. {then}"


def without_database(job: JobRecord) -> str:
    """Its process didn't reach the database for longer than a job stays its own."""
    return f"The database could not be reached for too long, so this was given up. {_then(job)}"


def without_a_word(job: JobRecord) -> str:
    """Its process has gone, and nobody saw how."""
    return f"The process that was doing this has ended without a word. {_then(job)}"


def hopeless(job: JobRecord, deaths: int, log: object) -> str:
    """No worker can be started for it.

    Args:
        deaths: how often one was tried.
        log: where its output went.
    """
    then = "Resume it" if resumes(job.kind) else "Start it again"
    return (
        f"The worker process for this ended {deaths} times in a row. "
        f"What it said is in {log}. {then} once that is put right."
    )


def died(job: JobRecord, code: int) -> str:
    """Its worker died in the middle of it.

    Args:
        code: as of ``subprocess``: negative for a signal.
    """
    if code == -9:
        again = _then(job, "Nothing else was lost; start it again")
        again += " If that happens again, train anew" if resumes(job.kind) else ""
        return (
            "The worker process was killed, which often means that the computer ran out of memory. "
            f"{again}, perhaps with smaller images or batches."
        )
    if code < 0:
        known = [each.name for each in signal.Signals if each == -code]
        how = f"was ended by a signal ({known[0] if known else -code})"
    else:
        how = f"ended unexpectedly (exit code {code})"
    return f"The worker process {how}. {_then(job, 'Nothing else was lost; start it again.')}"
