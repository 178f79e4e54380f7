"""Real processes for tests: a worker, a program that keeps workers, and whether one still lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.catalog import Catalog, EventRecord, JobRecord
from core.catalog.records import Lane
from core.jobs.supervisor import Supervisor
from tests.core.jobs import tiny
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
Process = subprocess.Popen[str]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected yet does not."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def start(*arguments: str) -> Process:
    """A Python process of this repository with pipes."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


@contextmanager
def running(process: Process) -> Iterator[Process]:
    """Ends ``process`` at the end of the block, however it is."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def light_worker(catalog: Catalog) -> Process:
    """A light worker without a supervisor."""
    home = str(catalog.workspace.home)
    return start("-m", "core.jobs.worker", "--lane", "light", "--home", home, "--also", tiny.MODULE)


class Owner:
    """A program that keeps workers; see :mod:`tests.core.jobs.owner`."""

    def __init__(self, *lanes: Lane) -> None:
        self.process = start("-m", "tests.core.jobs.owner", *(lanes or ("light",)))
        self.pids: dict[Lane, int] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.pids = json.loads(line)


@contextmanager
def owner(*lanes: Lane) -> Iterator[Owner]:
    """A program that keeps workers, killed at the end of the block if it still runs."""
    program = Owner(*lanes)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()


@contextmanager
def supervised(catalog: Catalog, lanes: tuple[Lane, ...] = ("light",)) -> Iterator[Supervisor]:
    """A supervisor in this process, and nothing of it left afterwards."""
    supervisor = Supervisor(catalog.workspace, (tiny.MODULE,), lanes)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def worker_of(supervisor: Supervisor, lane: Lane = "light") -> int:
    """The process id of a worker, once there is one."""
    return wait_until(lambda: supervisor.pids.get(lane, 0), 20, f"a {lane} worker")


def queue(catalog: Catalog, kind: str, lane: Lane = "light", **spec: object) -> JobRecord:
    """Queue a tiny job."""
    return catalog.jobs.add(kind, spec, lane=lane)


def said(catalog: Catalog, job: JobRecord, kind: str, timeout: float = 20) -> EventRecord:
    """The latest event of a kind, once there is one."""
    event = wait_until(lambda: catalog.jobs.latest_event(job.id, kind), timeout, f"event {kind}")
    assert event is not None
    return event


def started(catalog: Catalog, job: JobRecord, timeout: float = 20) -> JobRecord:
    """The job once its handler has said that it works; it has a ``pid`` then."""
    said(catalog, job, "started", timeout)
    return catalog.jobs.get(job.id)


def ended(catalog: Catalog, job: JobRecord, timeout: float = 20) -> JobRecord:
    """The job once it has ended."""
    wait_until(lambda: catalog.jobs.get(job.id).finished, timeout, "the job's end")
    return catalog.jobs.get(job.id)
