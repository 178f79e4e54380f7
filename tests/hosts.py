"""Computers of a team: each a tree of processes with a home of its own, between them a database and
a store of files.

Where the system lets this user (root on Linux, with ``ip`` and ``unshare``), each is in namespaces
of its own: it has its own name, its own numbers of processes, and a network card at a bridge, whose
cable can be pulled. Elsewhere they are processes with separate homes. All end with this process,
however that ends.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import pytest

from core.catalog import Catalog, JobRecord, open_catalog
from core.settings import Lane
from core.workspace import open_workspace
from tests import bucket, postgres
from tests.waiting import wait_until

_ROOT = Path(__file__).resolve().parents[1]
_DEATH = 1  # PR_SET_PDEATHSIG
# Of addresses that are kept for tests of networks: one network of 256 for each process of tests.
_NETWORKS = "198.{}.{}"
_numbers = itertools.count(2)


# Loaded before there is a fork, in which it might wait for a thread that isn't there.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_DEATH, signal.SIGKILL)


def _done(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


class Lan:
    """A bridge in a namespace of its own, and a card of this computer at it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the tests, which pull cables until they end
            preexec_fn=_end_with_parent,
        )
        try:
            assert self.process.stdout is not None
            assert self.process.stdout.readline(), "no namespace"
            self._card = f"lb{os.getpid()}"
            taken = _done("ip", "-4", "address")
            networks = (
                _NETWORKS.format(18 + at // 256, at % 256)
                for at in ((os.getpid() + more) % 512 for more in range(512))
            )
            self._network = next(each for each in networks if f"{each}." not in taken)
            self.address = f"{self._network}.1"
            self.inside("ip", "link", "set", "lo", "up")
            self.inside("ip", "link", "add", "bridge", "type", "bridge")
            self.inside("ip", "link", "set", "bridge", "up")
            self._plug(self._card, os.getpid(), "first")
            _done("ip", "address", "add", f"{self.address}/24", "dev", self._card)
            _done("ip", "link", "set", self._card, "up")
        except BaseException:
            self.end()
            raise

    def inside(self, *command: str) -> str:
        """Run a program where the bridge is."""
        return _done("nsenter", "--target", str(self.process.pid), "--net", *command)

    def _plug(self, card: str, process: int, port: str) -> None:
        """Give a process's namespace a card, and put its cable into a port of the bridge."""
        self.inside(
            *("ip", "link", "add", port, "type", "veth"),
            *("peer", "name", card, "netns", str(process)),
        )
        self.inside("ip", "link", "set", port, "master", "bridge", "up")

    def join(self, process: int) -> str:
        """Give the namespace of a process a card and an address; the port of the bridge."""
        number = next(_numbers) % 250 + 2
        port = f"port{number}"
        with suppress(subprocess.CalledProcessError):  # of a computer that has ended just now
            self.inside("ip", "link", "delete", port)
        self._plug("card", process, port)
        there = ("nsenter", "--target", str(process), "--net", "ip")
        _done(*there, "link", "set", "lo", "up")
        _done(*there, "address", "add", f"{self._network}.{number}/24", "dev", "card")
        _done(*there, "link", "set", "card", "up")
        return port

    def cable(self, port: str, state: str) -> None:
        """Pull a computer's cable (``down``), or put it in again (``up``)."""
        self.inside("ip", "link", "set", port, state)

    def end(self) -> None:
        # The card goes with the namespace, but not at once.
        with suppress(subprocess.CalledProcessError):
            self.inside("ip", "link", "delete", "first")
        self.process.kill()
        self.process.communicate()


@lru_cache(maxsize=1)
def _may_separate() -> bool:
    """Whether this user may make namespaces and cards."""
    programs = ("ip", "unshare", "nsenter")
    if sys.platform != "linux" or os.geteuid() or not all(map(shutil.which, programs)):
        return False
    try:
        lan = Lan()
    except (OSError, subprocess.SubprocessError, AssertionError, StopIteration):
        return False
    lan.end()
    return True


class Host:
    """A computer that works.

    Args:
        env: what all are started with.
        lan: what it is connected to; ``None`` for a process with a home of its own.
    """

    def __init__(
        self, name: str, lane: Lane, home: Path, env: Mapping[str, str], lan: Lan | None
    ) -> None:
        self.name, self.lane, self.home, self._lan = name, lane, home, lan
        self._env = {**env, "LIGHTBOX_HOME": str(home)}
        self._port = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Switch it on."""
        command = [sys.executable, "-m", "core", "worker", "--lane", self.lane]
        if self._lan is not None:
            begin = 'hostname "$0" && echo && read go && exec "$@" >>"$SAID" 2>&1 </dev/null'
            separate = ["--net", "--uts", "--pid", "--mount-proc", "--fork", "--kill-child"]
            command = ["unshare", *separate, "sh", "-c", begin, self.name, *command]
        self.home.mkdir(exist_ok=True)
        said = self.home.with_suffix(".log")
        with said.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env={**os.environ, **self._env, "SAID": str(said)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if self._lan is not None else log,
                stderr=log,
                text=True,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        if self._lan is not None:
            assert self._process.stdout is not None
            assert self._process.stdin is not None
            assert self._process.stdout.readline(), said.read_text()
            self._port = self._lan.join(self._process.pid)
            self._process.stdin.write("go\n")
            self._process.stdin.flush()

    @property
    def is_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def switch_off(self) -> None:
        """Without a word: all that runs on it ends at once."""
        if self._process is None:
            return
        below = _below(self._process.pid)
        for pid in (self._process.pid, *below):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.communicate()
        self._process = None

    def cable(self, state: str) -> bool:
        """Pull its cable (``down``) or put it in again (``up``); false where it has none."""
        if self._lan is not None:
            self._lan.cable(self._port, state)
        return self._lan is not None

    def worker(self) -> int | None:
        """The process id, here, of what does its jobs."""
        if self._process is None:
            return None
        for pid in _below(self._process.pid):
            with suppress(OSError):
                if b"core.jobs.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return None

    def has(self, job: JobRecord) -> bool:
        """Whether a job is done by this computer."""
        pid = self.worker()
        if pid is None or job.state != "running":
            return False
        try:
            space = os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115
            numbers = re.search(r"NSpid:(.*)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            return False
        assert numbers is not None
        return job.host.endswith(space) and int(numbers[1].split()[-1]) == job.pid

    @property
    def is_idle(self) -> bool:
        """Whether its worker waits for jobs."""
        assert self.is_on, self.home.with_suffix(".log").read_text()
        logs = list((self.home / "logs").glob(f"worker-{self.lane}-*.log"))
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        said = [line for line in lines if line == "warm" or line.startswith("busy ")]
        return self.worker() is not None and bool(said) and said[-1] == "warm"


def _below(process: int) -> list[int]:
    """Ids of a process's children, theirs included."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_below(child)]
    return found


class Team:
    """What computers share, those that work, and this one, which does no work.

    Attributes:
        env: what each is started with, besides a home.
        lan: what connects them, where they are in namespaces.
    """

    def __init__(
        self, place: Path, server: postgres.Server, store: bucket.Bucket, lan: Lan | None
    ) -> None:
        self.place, self.server, self.bucket, self.lan = place, server, store, lan
        self.database = server.new_database()
        self.env = {
            **store.settings(place, lan.address if lan else "127.0.0.1"),
            "LIGHTBOX_DATABASE": server.url(self.database),
            "LIGHTBOX_FILES": f"s3://{store.name}/team",
            "LIGHTBOX_AHEAD": "0",
            "LIGHTBOX_USER": "tester",
        }
        with pytest.MonkeyPatch.context() as patch:
            self.applied(patch)
            self.catalog: Catalog = open_catalog(open_workspace(place / "here"))
        self.hosts = [
            Host(f"{lane}-{which}", lane, place / f"{lane}-{which}", self.env, lan)
            for lane in ("light", "train")
            for which in ("one", "two")
        ]

    def applied(self, patch: pytest.MonkeyPatch) -> None:
        """This process is one of them, too."""
        for name in bucket.NOT_ASKED:
            patch.delenv(name, raising=False)
        for name, value in self.env.items():
            patch.setenv(name, value)

    def working(self, *lanes: Lane) -> list[Host]:
        """The computers of some kinds of work, once they wait for it."""
        wanted = [host for host in self.hosts if host.lane in lanes]
        for host in wanted:
            if not host.is_on:
                host.start()
        for host in wanted:
            wait_until(lambda host=host: host.is_idle, 120, f"{host.name}'s worker")  # type: ignore[misc]
        return wanted

    def end(self) -> None:
        for host in self.hosts:
            host.switch_off()
        self.catalog.engine.dispose()


@contextmanager
def _gathered(place: Path, store: bucket.Server) -> Iterator[Team]:
    with ExitStack() as end:
        lan = None
        if _may_separate():
            lan = Lan()
            end.callback(lan.end)
            end.enter_context(store.also_at(lan.address))
        # What it has promised is there after a hard restart, too.
        promised = {"synchronous_commit": "on"}
        server = end.enter_context(postgres.serving(lan.address if lan else "", **promised))
        team = Team(place, server, bucket.new_bucket(store), lan)
        end.callback(team.end)
        yield team


@pytest.fixture(scope="module")
def _team(_store: bucket.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    if sys.platform != "linux":
        pytest.skip("what a computer's processes are is known on Linux only")
    with _gathered(tmp_path_factory.mktemp("team"), _store) as team:
        yield team


@pytest.fixture
def team(_team: Team, monkeypatch: pytest.MonkeyPatch, _own_home: None) -> Team:
    """Two computers for each kind of work, and what they share; the tests of a file use the
    same."""
    _team.applied(monkeypatch)
    return _team
