"""How long each test takes, as it was recorded last: the files that take longest begin first, and
``make quick`` leaves out what takes long.

``make durations`` writes ``durations.json`` anew. What it holds is the processor's time, that of
processes that a test started included, whoever waits for their end, so that a busy computer records
the same; of journeys in the browser it is the time that passed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RECORDED = Path(__file__).parent / "durations.json"
# Seconds. What takes less than the first has no line of its own, and counts as the second.
_LONG, _SHORT, _SLOW = 0.5, 0.03, 10
_SECONDS = "seconds"
# Fixtures that train something.
_TRAINED = {"trained_home", "trained_once", "asked_home"}
# Fixtures that start a database's server.
_SERVED = {"server", "on_server", "team"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("Lightbox")
    group.addoption(
        "--record-durations",
        action="store_true",
        help="write down in tests/durations.json how long each test takes",
    )
    group.addoption(
        "--quick",
        action="store_true",
        help="leave out browsers, Keras, PostgreSQL, and what takes more than half a second",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record-durations"):
        config.pluginmanager.register(_Recorder(config))
    if config.getoption("--quick"):
        config.pluginmanager.register(_Quick())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = recorded()
    seconds: dict[Path, float] = defaultdict(float)
    for item in items:
        seconds[item.path] += known.get(item.nodeid, _SHORT)
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.browser)
        if known.get(item.nodeid, 0) > _SLOW:
            item.add_marker(pytest.mark.slow)
        if not _SERVED.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)
        if not _TRAINED.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.keras)
    if hasattr(config, "workerinput"):
        # A worker takes file after file, since the tests of one share what their fixtures made.
        items.sort(key=lambda item: (-seconds[item.path], str(item.path)))


# That all of a file needs Keras, alone or before other marks.
_WHOLE = re.compile(r"^pytestmark = (\[\s*)?pytest\.mark\.keras", re.MULTILINE)


def recorded() -> dict[str, float]:
    """Seconds of the tests that take at least half a second."""
    return dict(json.loads(RECORDED.read_text(encoding="utf-8"))) if RECORDED.exists() else {}


_KEEPS_WAITING = {"browser", "keras", "server", "slow"}


class _Quick:
    """Only what doesn't keep a person waiting who is at work."""

    def __init__(self) -> None:
        sys.meta_path.insert(0, _NoKeras())

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Files of which all is left out aren't even imported."""
        if collection_path.suffix != ".py":
            return None
        whole = _WHOLE.search(collection_path.read_text(encoding="utf-8")) is not None
        return whole or collection_path.parent.name == "browser" or None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        known = recorded()

        def quick(item: pytest.Item) -> bool:
            marks = {mark.name for mark in item.iter_markers()}
            return item.nodeid not in known and marks.isdisjoint(_KEEPS_WAITING)

        config.hook.pytest_deselected(items=[item for item in items if not quick(item)])
        items[:] = [item for item in items if quick(item)]


class _NoKeras(MetaPathFinder, Loader):
    """Refuses what takes seconds to be imported, so that whoever needs it is marked."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in ("keras", "tensorflow") else None

    def exec_module(self, _: ModuleType) -> None:
        raise ImportError("What needs Keras is to be marked so: pytest.mark.keras.")


class _Recorder:
    """Measures in each process, and writes down in the one that hears of all."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began = 0.0
        self.seconds: dict[str, float] = defaultdict(float)
        self.children = _Children() if hasattr(os, "wait4") else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        now = _clock(item.nodeid)
        took = {item.nodeid: now - self.began}
        if self.children is not None:
            for nodeid, seconds in self.children.ended().items():
                # Of a browser's journey it passed by the clock already.
                if not _is_journey(nodeid):
                    took[nodeid] = took.get(nodeid, 0.0) + seconds
        report.user_properties = [*report.user_properties, (_SECONDS, took)]
        self.began = now
        return report

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.began = _clock(nodeid)
        if self.children is not None:
            self.children.test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for nodeid, seconds in dict(report.user_properties).get(_SECONDS, {}).items():
            self.seconds[nodeid] += seconds

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workerinput"):
            return
        files = {nodeid.partition("::")[0] for nodeid in self.seconds}
        kept = {at: took for at, took in recorded().items() if at.partition("::")[0] not in files}
        new = {at: round(took, 1) for at, took in self.seconds.items() if took >= _LONG}
        lines = json.dumps(dict(sorted((kept | new).items())), indent=0, ensure_ascii=False)
        RECORDED.write_text(lines + "\n", encoding="utf-8")


class _Children:
    """What ended processes have computed, by the test that started them: one that is kept for the
    next call (a helper, a worker) ends in a test that has nothing to do with it."""

    def __init__(self) -> None:
        self.test = ""
        self._started: dict[int, str] = {}
        self._ended: dict[str, float] = defaultdict(float)
        begin, wait = subprocess.Popen.__init__, os.waitpid
        poll: Any = subprocess.Popen._internal_poll  # type: ignore[attr-defined]

        def started(popen: Any, *arguments: Any, **named: Any) -> None:
            begin(popen, *arguments, **named)
            self._started[popen.pid] = self.test

        def waited(pid: int, options: int) -> tuple[int, int]:
            ended, status, used = os.wait4(pid, options)
            if ended:
                test = self._started.pop(ended, self.test)
                self._ended[test] += used.ru_utime + used.ru_stime
            return ended, status

        # For as long as the process lives, which does nothing but record.
        subprocess.Popen.__init__ = started  # type: ignore[method-assign]
        os.waitpid = waited
        # What polls has a name of its own for it: until Python 3.11 and from then on.
        poll.__defaults__ = tuple(waited if each is wait else each for each in poll.__defaults__)
        if hasattr(subprocess, "_del_safe"):
            subprocess._del_safe.waitpid = waited

    def ended(self) -> dict[str, float]:
        """Seconds since it was asked last."""
        found, self._ended = self._ended, defaultdict(float)
        return found


def _is_journey(nodeid: str) -> bool:
    return nodeid.startswith("tests/browser/")


def _clock(nodeid: str) -> float:
    """Seconds that this process has computed. Browser and app, of which neither is seen, are
    followed by the clock on the wall."""
    if _is_journey(nodeid):
        return time.monotonic()
    times = os.times()
    seconds = times.user + times.system
    if not hasattr(os, "wait4"):
        seconds += times.children_user + times.children_system
    return seconds
