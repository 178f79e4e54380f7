"""What a person is told about a job that did not come to its own end, and what to do then."""

from __future__ import annotations

import signal

from core.catalog import JobRecord
from core.jobs.kinds import resumes

_RESUME = "Resume it to go on from the last finished epoch."


def closed(job: JobRecord) -> str:
    """The app was closed while it ran or was paused."""
    state = "paused" if job.wishes.paused else "running"
    then = _RESUME if resumes(job.kind) else "Start it again to do it anew."
    return f"Lightbox was closed while this was {state}. {then}"


def without_database(job: JobRecord) -> str:
    """Its process didn't reach the database for longer than a job stays its own."""
    then = _RESUME if resumes(job.kind) else "Start it again."
    return f"The database could not be reached for too long, so this was given up. {then}"


def without_a_word(job: JobRecord) -> str:
    """Its process has gone, and nobody saw how."""
    then = _RESUME if resumes(job.kind) else "Start it again."
    return f"The process that was doing this has ended without a word. {then}"


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
    again = _RESUME if resumes(job.kind) else "Nothing else was lost; start it again."
    if code == -9:
        smaller = "perhaps with smaller images or batches"
        return (
            "The worker process was killed, which often means that the computer ran out of memory. "
            + (
                f"{_RESUME} If that happens again, train anew, {smaller}."
                if resumes(job.kind)
                else f"Nothing else was lost; start it again, {smaller}."
            )
        )
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        return f"The worker process was ended by a signal ({name}). {again}"
    return f"The worker process ended unexpectedly (exit code {code}). {again}"
