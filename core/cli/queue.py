"""The commands about running and waiting work: queue, pause, resume, stop, rate."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from core.catalog import Catalog, JobRecord, RunRecord
from core.catalog.queue import Has
from core.cli.command import RUN, Options, argument, command
from core.cli.models import NEEDS, needs_of, report_run
from core.cli.output import Output
from core.cli.running import run_job, saying_what_became, until_interrupted
from core.errors import Conflict, NotFound
from core.jobs import kinds
from core.jobs.crew import nobody_for
from core.jobs.kinds import named
from core.jobs.live import how_far, live
from core.text import percent

in_queue = partial(command, "Queue")

_WHAT = argument("what", metavar="RUN", help="a run's name, or a job as queue lists it")


@in_queue("queue", "what runs and what waits; move it, or cancel it")
def show(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """Running jobs first, then the waiting ones of each lane in their order."""
    jobs = [(0, job) for job in catalog.jobs.all(states=("running",))]
    for lane in ("train", "light"):
        jobs += list(enumerate(catalog.jobs.queue(lane), start=1))
    words = named(catalog, [job for _, job in jobs])
    entries = []
    for position, job in jobs:
        view = live(catalog, job.id)
        far = how_far(catalog, view)
        entries.append(
            {
                "job": job.id,
                "name": words[job.id].subject or job.subject,
                "kind": job.kind,
                "title": words[job.id].title,
                "lane": job.lane,
                "state": job.state,
                "position": position,
                "doing": view.doing,
                "paused": view.paused,
                "fraction": far.fraction,
                "seconds_left": far.seconds_left,
                "at_most": far.at_most,
                "left": far.words,
                "wishes": dataclasses.asdict(job.wishes),
                "by": job.by,
            }
        )
    if not entries:
        output.text("Nothing runs, and nothing waits.")
    else:
        output.table(
            ("position", "name", "what", "now", "job"),
            [
                (
                    entry["position"] or "–",
                    entry["name"] or "–",
                    entry["title"],
                    _now(entry),
                    entry["job"],
                )
                for entry in entries
            ],
        )
    return entries


def _now(entry: dict[str, Any]) -> str:
    share = "" if entry["fraction"] is None else f" ({percent(entry['fraction'], 0)})"
    left = f", {entry['left']}" if entry["left"] else ""
    return f"{entry['doing']}{share}{left}"


@in_queue(
    "queue move",
    "let a waiting job come sooner or later",
    _WHAT,
    argument("to", choices=("first", "up", "down", "last")),
    examples=('"hands 2" first',),
)
def move(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    catalog.jobs.move(_job(catalog, options.what).id, options.to)
    return show(catalog, options, output)


@in_queue(
    "queue needs",
    "have a waiting job done where there is a GPU, or memory",
    _WHAT,
    *NEEDS,
    examples=('"hands 2" --needs gpu', '"hands 2" --needs-memory 32', '"hands 2"'),
)
def need(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Say what a waiting job needs; nothing any more where nothing is said."""
    needs = needs_of(options) or Has(0, False)
    job = catalog.jobs.need(_job(catalog, options.what).id, memory=needs.memory, gpu=needs.gpu)
    nobody = nobody_for(catalog, job)
    then = f"it waits, since {nobody}" if nobody else "there is one that can do it"
    output.text(f"“{options.what}” needs what you said now; {then}.".replace("..", "."))
    return {"job": job.id, "needs_memory": job.needs_memory, "needs_gpu": job.needs_gpu}


@in_queue("queue cancel", "take a waiting job out of the queue", _WHAT, examples=('"hands 2"',))
def cancel(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Take a waiting job out of the queue; a running one is another matter."""
    job = _job(catalog, options.what)
    if job.state == "queued":
        job = catalog.jobs.request_cancel(job.id)
    if job.state != "cancelled":
        raise Conflict(
            f"“{options.what}” is not waiting: it is {job.state}.",
            remedy="To end a running one: stop RUN." if job.state == "running" else "",
        )
    output.text(f"“{options.what}” is out of the queue.")
    return {"job": job.id, "state": job.state}


@in_queue("pause", "let a running training wait, keeping all in memory", RUN)
def pause(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = _running(catalog, options.run)
    catalog.jobs.wish(run.job_id, paused=True)
    output.text(f"Run “{run.name}” pauses. To go on: resume “{run.name}”")
    return _wished(catalog, run)


@in_queue("resume", "go on with a run that is paused, or was interrupted", RUN)
def resume(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Let a paused run go on where it is; do an interrupted one from its last epoch on, here."""
    run = catalog.runs.find(options.run)
    job = until_interrupted(catalog, catalog.jobs.get(run.job_id), output)
    if job.state == "running":
        if not job.wishes.paused:
            raise Conflict(f"Run “{run.name}” is running.")
        catalog.jobs.wish(job.id, paused=False)
        output.text(f"Run “{run.name}” goes on.")
        return _wished(catalog, run)
    if job.state == "done":
        untested = run.imported and run.summary.test_accuracy is None
        on = " --on FOLDER" if untested else ""
        raise Conflict(
            f"Run “{run.name}” is done.",
            remedy=f'To see how good it is: evaluate "{run.name}"{on}.',
        )
    if job.state != "queued":
        run = kinds.resume_run(catalog, run.id)
    with saying_what_became(catalog, run.id):
        run_job(catalog, catalog.jobs.get(run.job_id), output)
        return report_run(catalog, run.id, output)


@in_queue(
    "stop",
    "end a run early, and keep the best so far",
    RUN,
    argument("--discard", action="store_true", help="keep nothing of it"),
    examples=('"hands 1"', '"hands 1" --discard'),
)
def stop(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    if run.state not in ("queued", "running"):
        raise Conflict(f"Run “{run.name}” is not running: it is {run.state}.")
    job = catalog.jobs.request_cancel(run.job_id, discard=options.discard)
    kept = "nothing of it is kept" if options.discard else "the best so far is kept"
    output.text(
        f"Run “{run.name}” is out of the queue."
        if job.state == "cancelled"
        else f"Run “{run.name}” stops; {kept}."
    )
    return _wished(catalog, run)


@in_queue(
    "rate",
    "change the learning rate of a running training",
    RUN,
    argument("value", type=float, metavar="VALUE", help="above 0, at most 1"),
    examples=('"hands 1" 0.001',),
)
def rate(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = _running(catalog, options.run)
    catalog.jobs.wish(run.job_id, learning_rate=options.value)
    output.text(f"Run “{run.name}” goes on with a learning rate of {options.value:g}.")
    return _wished(catalog, run)


def _running(catalog: Catalog, name: str) -> RunRecord:
    run = catalog.runs.find(name)
    if run.state != "running":
        raise Conflict(f"Run “{run.name}” is not running: it is {run.state}.")
    return run


def _wished(catalog: Catalog, run: RunRecord) -> dict[str, Any]:
    job = catalog.jobs.get(run.job_id)
    return {
        "run": run.id,
        "name": run.name,
        "state": job.state,
        "wishes": dataclasses.asdict(job.wishes),
    }


def _job(catalog: Catalog, what: str) -> JobRecord:
    """A job by its id, or by the name or id of its run."""
    try:
        return catalog.jobs.get(catalog.runs.find(what).job_id)
    except NotFound as no_run:
        try:
            return catalog.jobs.get(what)
        except NotFound:
            raise no_run from None
