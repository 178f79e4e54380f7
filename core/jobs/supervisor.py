"""Keeps workers at hand and notices when one dies; one thread in the web process.

One train worker waits with TensorFlow imported, and stays for the next job if it can; another one
is started only once it has left, since two would need twice the memory. One light worker does
everything else. Of several web processes that share a workspace, one keeps the workers.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from core.catalog import Catalog, open_catalog
from core.catalog.machines import Machine
from core.catalog.records import Lane
from core.errors import Cancelled, LightboxError
from core.jobs import lost
from core.jobs.leases import Silence, let_go
from core.jobs.machine import this_machine
from core.progress import Briefly
from core.settings import LANES
from core.workspace import Workspace

# After so many deaths of a worker in a row, nothing is gained by another try.
_HOPELESS = 5
_LOOK_S = 0.3
# How often a machine says that it is there.
_BEAT_S = 5.0
_ROOT = Path(__file__).resolve().parents[2]
_running: dict[Path, Supervisor] = {}
_lock = threading.Lock()
# A worker's, or the dispatcher's; it ends with its standard input.
Process = subprocess.Popen[bytes]


def _passing() -> contextlib.suppress:
    """A locked database, a full disk, a server that is away pass; the next look tries again."""
    return contextlib.suppress(SQLAlchemyError, OSError, LightboxError)


def _ask_to_end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _ended_by_itself(process: Process, timeout_s: float) -> bool:
    """Wait for a child that was asked to end; one that doesn't is killed."""
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


class Supervisor:
    """The workers of one workspace on this computer. Apps get it from :func:`ensure_running`.

    Args:
        also: names of modules with more kinds of jobs, for workers to import.
        lanes: which workers to keep.
        ray_lanes: which work to send to the Ray cluster that the settings name.
        of_app: of the apps that share the workspace, only one keeps its workers. Otherwise these
            are more hands, beside theirs.
    """

    def __init__(
        self,
        workspace: Workspace,
        also: tuple[str, ...] = (),
        lanes: tuple[Lane, ...] = LANES,
        *,
        ray_lanes: tuple[Lane, ...] = (),
        of_app: bool = True,
    ) -> None:
        self.workspace, self._also, self._lanes = workspace, also, lanes
        self._ray_lanes = ray_lanes
        # Sends jobs to a Ray cluster, where there is one; it does none itself.
        self._dispatcher: Process | None = None
        self._catalog: Catalog = open_catalog(workspace)
        self._workers: dict[Lane, Process] = {}
        self._failures: dict[Lane, int] = {"train": 0, "light": 0}
        self._silence = Silence(self._catalog)
        self._end = threading.Event()
        self._of_app = of_app
        self._beaten = -_BEAT_S
        # Taken by the supervisor's thread and given back by whoever stops it.
        self._keeper = FileLock(workspace.home / ".workers.lock", thread_local=False)
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()
        if (keeper := self._catalog.workspace.keeper) is not None:
            threading.Thread(
                target=keeper.tend,
                args=(self._end, self._catalog.jobs),
                name="depot",
                daemon=True,
            ).start()

    @cached_property
    def machine(self) -> Machine:
        """This computer, as the catalog knows it."""
        return this_machine(self._lanes)

    @property
    def pids(self) -> dict[Lane, int]:
        """Process ids of the living workers, by lane."""
        return {lane: worker.pid for lane, worker in list(self._workers.items())}

    def stop(self, timeout_s: float = 10.0) -> None:
        """End all workers and wait for them; what they were doing is marked as interrupted."""
        self._end.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        if self._dispatcher is not None:
            _ask_to_end(self._dispatcher)
            _ended_by_itself(self._dispatcher, timeout_s)
        workers, self._workers = self._workers, {}
        for worker in workers.values():
            _ask_to_end(worker)
        for lane, worker in workers.items():
            if not _ended_by_itself(worker, timeout_s):
                with _passing():
                    self._mark_dead(lane, worker)
        if self._beaten >= 0:
            with _passing():
                self._catalog.machines.remove(self.machine.id)
        if (keeper := self._catalog.workspace.keeper) is not None:
            with _passing(), contextlib.suppress(Cancelled):
                # What isn't in the store then goes there at the next start.
                keeper.settle(Briefly())
        self._keeper.release()

    def _run(self) -> None:
        while not self._end.is_set():
            with _passing():
                self._look()
            self._end.wait(_LOOK_S)

    def _look(self) -> None:
        self._silence.mark()
        if self._of_app and not self._keeper.is_locked:
            try:
                self._keeper.acquire(timeout=0)
            except Timeout:
                return
        if self._lanes and time.monotonic() - self._beaten >= _BEAT_S:
            self._catalog.machines.beat(self.machine)
            self._beaten = time.monotonic()
        ray_ended = self._dispatcher is None or self._dispatcher.poll() is not None
        if self._ray_lanes and ray_ended and not self._end.is_set():
            self._dispatcher = self._send_to_ray()
        for lane in self._lanes:
            worker = self._workers.get(lane)
            if worker is not None and worker.poll() is not None:
                del self._workers[lane]
                self._mark_dead(lane, worker)
                worker = None
            if worker is None and self._failures[lane] >= _HOPELESS and not self._others(lane):
                self._give_up(lane)
            if worker is None and not self._end.is_set() and self._worth_trying(lane):
                self._workers[lane] = self._spawn(lane)

    def _others(self, lane: Lane) -> bool:
        """Whether other machines do the work of a lane, however this one fares."""
        return any(
            lane in each.lanes and each.id != self.machine.id
            for each in self._catalog.machines.all()
        )

    def _give_up(self, lane: Lane) -> None:
        """Tell those who wait for a worker that keeps dying; the next job is tried afresh."""
        log = self._log(lane)
        for job in self._catalog.jobs.queue(lane):
            self._catalog.jobs.finish(job.id, "failed", lost.hopeless(job, _HOPELESS, log))
        self._failures[lane] = _HOPELESS - 2

    def _worth_trying(self, lane: Lane) -> bool:
        """After several deaths in a row a lane is only served when there is work for it."""
        return self._failures[lane] < 3 or self._catalog.jobs.waiting(lane) > 0

    def _spawn(self, lane: Lane) -> Process:
        command = ["core.jobs.worker", "--lane", lane, "--machine", self.machine.id]
        command += ["--memory", str(self.machine.memory)]
        command += ["--gpu"] if self.machine.gpu else []
        return self._start(command, self._log(lane))

    def _send_to_ray(self) -> Process:
        command = ["core.jobs.cluster.dispatcher"]
        for lane in self._ray_lanes:
            command += ["--lane", lane]
        return self._start(command, self._log("ray"))

    def _start(self, command: Sequence[str], logged: Path) -> Process:
        """A module of ours as a child, which ends with its standard input."""
        command = [sys.executable, "-m", *command, "--home", str(self.workspace.home)]
        for module in self._also:
            command += ["--also", module]
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        with logged.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    def _log(self, lane: Lane | Literal["ray"]) -> Path:
        """Where a worker's output goes; machines that share the folder have one each."""
        name = f"worker-{lane}.log" if self._of_app else f"worker-{lane}-{self.machine.host}.log"
        return self.workspace.logs / name

    def _mark_dead(self, lane: Lane, worker: Process) -> None:
        """Say what happened to the job that a dead worker was doing."""
        code = worker.returncode
        for job in self._catalog.jobs.all(states=("running",), parts=True):
            if job.pid == worker.pid and job.machine == self.machine.id:
                keeper = self._catalog.workspace.keeper
                if keeper is not None:
                    # Whoever goes on with it elsewhere begins where it was.
                    with _passing():
                        keeper.publish_of(self._catalog.folders.names_of(job), (job.id, job.claims))
                let_go(self._catalog, job, lost.died(job, code))
        self._failures[lane] = 0 if code == 0 else self._failures[lane] + 1


def ensure_running(
    workspace: Workspace,
    also: tuple[str, ...] = (),
    lanes: tuple[Lane, ...] = LANES,
    ray_lanes: tuple[Lane, ...] = (),
) -> Supervisor:
    """The supervisor of a workspace in this process, started the first time.

    Args:
        also: names of modules with more kinds of jobs, for workers to import.
        lanes, ray_lanes: as :class:`Supervisor` takes them.
    """
    with _lock:
        supervisor = _running.get(workspace.home)
        if supervisor is None or supervisor._end.is_set():
            supervisor = _running[workspace.home] = Supervisor(
                workspace, also, lanes, ray_lanes=ray_lanes
            )
            supervisor.start()
        return supervisor


@atexit.register
def stop_all() -> None:
    """End the workers of this process; also runs when it exits."""
    with _lock:
        supervisors = list(_running.values())
        _running.clear()
    for supervisor in supervisors:
        supervisor.stop()
