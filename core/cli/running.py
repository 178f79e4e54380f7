"""Doing a job in this process, for the commands that need one done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core import settings
from core.catalog import Catalog, JobRecord
from core.cli.output import Output
from core.errors import Cancelled, LightboxError, Unreachable
from core.jobs.crew import nobody_for
from core.jobs.execute import execute
from core.jobs.leases import Silence, has_ended
from core.jobs.live import how_far, live
from core.jobs.machine import this_machine, this_place
from core.jobs.reporter import DatabaseReporter


class JobFailed(LightboxError):
    """A job that this command started ended without success; its own sentence."""


class JobDefect(Exception):
    """A job that this command started met a defect of ours, which is in the logs already."""


def run_job(catalog: Catalog, job: JobRecord, output: Output) -> JobRecord:
    """Do a queued job in this process.

    Ctrl-C asks it to stop and keep what it has; a second one ends the command.

    Raises:
        JobFailed, JobDefect: with the job's sentence.
        Cancelled: by Ctrl-C here, or on a page of the app.
    """
    if (job.needs_memory or job.needs_gpu) and not this_machine((job.lane,)).can(job):
        output.text(f"This computer can't do it: {nobody_for(catalog, job) or 'another one will'}.")
        return _wait(catalog, job.id, output)
    on_ray = (each for each in catalog.machines.all() if each.on_ray)
    if job.lane == "train" and settings.ray() and any(each.can(job) for each in on_ray):
        output.text("The Ray cluster does it. Ctrl-C stops it and keeps what there is.")
        return _wait(catalog, job.id, output)
    claimed = catalog.jobs.claim(job.lane, pid=os.getpid(), host=this_place(), job_id=job.id)
    if claimed is None:
        return _wait(catalog, job.id, output)
    _let_out(catalog, output)
    started: list[DatabaseReporter] = []

    def stop() -> None:
        for report in started:
            report.cancel()

    def left() -> str:
        try:
            return how_far(catalog, live(catalog, job.id)).words
        except Unreachable:
            return ""

    output.progress.left = left if job.kind == "train" else None
    try:
        with _interrupted(stop, output):
            return _succeeded(execute(catalog, claimed, output.progress, started))
    finally:
        output.progress.left = None


@contextmanager
def _interrupted(stop: Callable[[], object], output: Output) -> Iterator[None]:
    """Within it Ctrl-C stops so, the first time; a second one ends the command."""

    def interrupted(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        output.stopping = True
        # Whatever was just being printed can't be printed into; and what libraries say goes
        # elsewhere by now.
        with suppress(OSError, ValueError):
            os.write(output.err.fileno(), b"\nStopping. Press Ctrl-C once more to end at once.\n")
        stop()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def saying_what_became(catalog: Catalog, run_id: str) -> Iterator[None]:
    """Where somebody stops a training here: whether there is a model, and how it goes on.

    Raises:
        Cancelled: with that in a sentence.
    """
    try:
        yield
    except (Cancelled, KeyboardInterrupt) as stopped:
        run = catalog.runs.get(run_id)
        job = catalog.jobs.get(run.job_id)
        if job.state == "queued":
            # Nobody has begun, and nobody is to.
            job = catalog.jobs.request_cancel(job.id)
        if job.state == "done":
            text = f"Stopped. The model “{run.name}” is there all the same: it was ready by then."
        elif job.state == "running" and job.pid != os.getpid():
            text = f'“{run.name}” goes on elsewhere. To stop it there: stop "{run.name}"'
        else:
            text = f'Stopped. “{run.name}” has no model yet. Go on with: resume "{run.name}"'
        raise Cancelled(text) from stopped


def _let_out(catalog: Catalog, output: Output) -> None:
    """Let others do what this command has queued; they need its files."""
    keeper = catalog.workspace.keeper
    if keeper is not None and (waiting := catalog.jobs.kept_back(keeper.name)):
        keeper.settle(output.progress)
        catalog.jobs.let_out(waiting)


def _wait(catalog: Catalog, job_id: str, output: Output) -> JobRecord:
    """Somebody else does it, or was quicker: wait for it. Ctrl-C asks it to stop, the first time; a
    second one only ends the waiting."""
    pause = threading.Event()
    with _interrupted(lambda: catalog.jobs.request_cancel(job_id), output):
        _let_out(catalog, output)
        while not (job := catalog.jobs.get(job_id)).finished:
            if job.phase:
                output.progress.progress(job.phase, job.done, job.total, job.note)
            pause.wait(0.3)
    return _succeeded(job)


def until_interrupted(catalog: Catalog, job: JobRecord, output: Output) -> JobRecord:
    """A job as it is once it is settled whether its process, if that has ended, was the last to
    do it: somebody else may yet have it."""
    silence, pause = Silence(catalog), threading.Event()
    if job.state == "running" and has_ended(job):
        output.progress.event(
            "note", text="What was doing this was ended. It goes on here once that is certain …"
        )
    while job.state == "running" and has_ended(job):
        silence.mark()
        job = catalog.jobs.get(job.id)
        if job.state == "running":
            pause.wait(0.2)
    return job


def _succeeded(job: JobRecord) -> JobRecord:
    if job.error_id:
        raise JobDefect(job.error)
    if job.state == "cancelled":
        raise Cancelled
    if job.state != "done":
        raise JobFailed(job.error or f"It was {job.state}.")
    return job


def say_where(catalog: Catalog, output: Output, what: str) -> None:
    """Say of a key or a link where it opens something: it is kept on one computer."""
    if catalog.on_server:
        home = catalog.workspace.home
        output.text(f"{what} at the app whose LIGHTBOX_HOME this is ({home}), not at another’s.")
