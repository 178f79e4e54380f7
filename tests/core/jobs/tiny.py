"""Kinds of jobs that are small enough to see through; workers load them with ``--also``."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

from core import settings
from core.catalog import Catalog
from core.errors import InvalidInput
from core.jobs.registry import kind
from core.progress import Reporter, wait_while_paused

MODULE = __name__


@kind("tiny.note", "Tiny: note")
def _note(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    report.progress("count", 3, 4, "Counting")
    report.event("note", text=spec.get("text", "hello"), pid=os.getpid())


@kind("tiny.wait", "Tiny: wait")
def _wait(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Works until it is asked to stop."""
    report.event("started")
    pause = threading.Event()
    while not pause.wait(0.02):
        report.check()


@kind("tiny.deaf", "Tiny: deaf")
def _deaf(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Works for ever, whatever it is asked."""
    report.event("started")
    threading.Event().wait()


@kind("tiny.chatty", "Tiny: chatty")
def _chatty(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Writes to the database for ever, whatever it is asked."""
    report.event("started")
    while True:
        report.event("note", text="and so on")


@kind("tiny.threads", "Tiny: threads")
def _threads(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    report.event(
        "threads",
        cores=os.cpu_count(),
        openvino=settings.openvino_threads()["INFERENCE_NUM_THREADS"],
        tensorflow=os.environ["TF_NUM_INTRAOP_THREADS"],
    )


@kind("tiny.defect", "Tiny: defect")
def _defect(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    report.event("share", value=1 / spec.get("nobody", 0))


@kind("tiny.mistake", "Tiny: mistake")
def _mistake(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    raise InvalidInput("This folder is empty.", file="photos", remedy="Choose another.")


@kind("tiny.memory", "Tiny: memory")
def _memory(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    raise MemoryError


@kind("tiny.full", "Tiny: full")
def _full(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "thumbs.pack")


@kind("tiny.run", "Tiny: run")
def _run(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Writes a file of a run, then fails or loses the job where that is asked for."""
    folder = catalog.workspace.run(spec["run_id"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made").write_text(spec["text"])
    if spec.get("then") == "fail":
        raise InvalidInput("This can't go on.")
    if spec.get("then") == "lose":
        (mine,) = catalog.jobs.all(states=("running",))
        catalog.jobs.give_back(mine.id, claim=mine.claims)
        report.event("note")


@kind("tiny.exit", "Tiny: exit")
def _exit(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """What a crash inside a native library looks like from outside."""
    os._exit(3)


@kind("tiny.steps", "Tiny: steps", resumes=True)
def _steps(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Counts to ``steps``, on ``file``, and goes on from what it finds there; can be paused.

    At its first attempt it gets no further than ``hang_at``, where it hears nothing any more.
    """
    file, steps = Path(spec["file"]), spec.get("steps", 1_000_000)
    before = int(file.read_text(encoding="ascii")) if file.exists() else 0
    if before:
        report.event("resumed", epoch=before)
    report.event("started")
    pause = threading.Event()
    for step in range(before + 1, steps + 1):
        report.event("batch", epoch=step, epochs=steps, batch=1, batches=2, loss=1 / step)
        if report.wishes().paused:
            report.event("paused")
            wait_while_paused(report)
            report.event("resumed")
        report.check()
        if step == spec.get("hang_at") and not before:
            pause.wait()
        # In one instant: whoever is killed in between leaves the step before.
        part = file.with_suffix(".part")
        part.write_text(str(step), encoding="ascii")
        part.replace(file)
        report.event("epoch", epoch=step, epochs=steps, loss=1 / step, best=True)
        pause.wait(0.01)
