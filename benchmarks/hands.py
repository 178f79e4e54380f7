"""How much sooner two workers do a scan, a batch and a search than one, each kept to one core.

    python -m benchmarks.hands [--photos FOLDER] [--before CHECKOUT] [--server URL] [--images N]
                               [--rounds N] [--only scan batch search] [--quick]

CHECKOUT is a checkout of an earlier version, which does the same with its one light worker; URL the
address of an empty database of PostgreSQL's, which is filled. Arrangements take turns. For each it
says seconds by the clock, from when the job was taken to its end (of a search, from when the first
run was taken to the end of the last), and of the processors (user and system) that each machine's
worker and its helpers took. ``times_as_fast`` is by the clock;
``by_processor`` is one worker's processor time over that of the busier of two, which is what two
computers would reach if they never waited for each other. Prints one JSON document.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import make_photos, parser_of
from core.workspace import atomic_path

_ROOT = Path(__file__).resolve().parents[1]
_MADE = 128
_LANE = {"scan": "light", "batch": "light", "search": "train"}
_WORK = tuple(_LANE)
_REST_S = 2.0
# In a process of the version that is measured: queue a job and wait for its end.
_DO = """
import json, sys, time
from pathlib import Path
from core.catalog import open_catalog
from core.workspace import open_workspace
what, folder, name = sys.argv[1:]
catalog = open_catalog(open_workspace())
if what == "scan":
    from core.datasets.intake import add_folder
    from core.jobs.kinds import submit_scan
    jobs = [submit_scan(catalog, add_folder(catalog, Path(folder), name, restrict=False).id)]
elif what == "search":
    from core.training.search import start_search
    from core.training.start import suggest_spec
    spec = suggest_spec(catalog, catalog.datasets.find("few").id, "scratch")
    spec = spec.with_values({"epochs": 10, "image_size": 64, "batch_size": 16})
    rates = {"learning_rate": ["0.001", "0.002"], "dropout": ["0", "0.2"]}
    runs = start_search(catalog, spec, rates, name=name.replace(",", ""))
    jobs = [catalog.jobs.get(run.job_id) for run in runs]
else:
    from core.inference.batch_store import new_batch
    from core.jobs.kinds import submit_batch
    run = next(run for run in catalog.runs.all() if run.state == "done")
    jobs = [submit_batch(catalog, new_batch(catalog, run.id, Path(folder)))]
while not all(job.finished for job in jobs):
    time.sleep(0.1)
    jobs = [catalog.jobs.get(job.id) for job in jobs]
wrong = next((job for job in jobs if job.state != "done"), jobs[0])
took = max(job.ended_at for job in jobs) - min(job.started_at for job in jobs)
print(json.dumps([wrong.state, wrong.error, took]))
"""


@dataclass(frozen=True)
class Arrangement:
    """Who does the work: the checkout, where the lists are ("" for a file), and how many."""

    checkout: Path
    server: str
    workers: int


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--server", default="")
    parser.add_argument("--images", type=int, default=3072)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=_WORK, default=_WORK, help="some of it")
    options = parser.parse_args()
    images = 2100 if options.quick else options.images
    arrangements = {
        **({"before": Arrangement(options.before.resolve(), "", 1)} if options.before else {}),
        "one, SQLite": Arrangement(_ROOT, "", 1),
        "two, SQLite": Arrangement(_ROOT, "", 2),
    }
    if options.server:
        arrangements["one, PostgreSQL"] = Arrangement(_ROOT, options.server, 1)
        arrangements["two, PostgreSQL"] = Arrangement(_ROOT, options.server, 2)
    with tempfile.TemporaryDirectory() as made:
        folder = _photos(Path(made), options.photos, images)
        homes = _homes(Path(made), arrangements, folder, trained=options.only != ["scan"])
        found: dict[str, dict[str, list[Any]]] = {name: {} for name in arrangements}
        for number in range(options.rounds):
            for name, arrangement in arrangements.items():
                home = homes[name]
                for what in options.only:
                    with _workers(arrangement, home, _LANE[what]) as pids:
                        before = [_processor_s(pid) for pid in pids]
                        seconds = _done(arrangement, home, what, folder, f"{name} {number}")
                        after = [_processor_s(pid) for pid in pids]
                        cost = [round(b - a, 2) for a, b in zip(before, after, strict=True)]
                        found[name].setdefault(what, []).append((seconds, cost))
    print(json.dumps(_summary(found, images, options.rounds), indent=1))


def _photos(place: Path, given: Path | None, images: int) -> Path:
    """So many files in class folders; those that there are, again and again under new names."""
    source = given or make_photos(place / "made", min(images, _MADE))
    files = sorted(each for each in source.rglob("*") if each.suffix.lower() in (".jpg", ".png"))
    folder = place / "photos"
    for number in range(images):
        file = files[number % len(files)]
        target = folder / file.parent.name / f"{number:06d}{file.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return folder


def _homes(
    place: Path, arrangements: dict[str, Arrangement], folder: Path, *, trained: bool
) -> dict[str, Path]:
    """A workspace for each, with the same trained model in it."""
    first = next(iter(arrangements.values())).checkout
    home = place / "home"
    few = place / "few"
    for each in sorted(folder.iterdir()):
        for file in sorted(each.iterdir())[:12]:
            with atomic_path(few / each.name / file.name) as part:
                shutil.copyfile(file, part)
    train: tuple[str, ...] = ("train", str(few), "--recipe", "quick", "--set", "epochs=1")
    train += ("--set", "architecture=efficientnet_lite0", "--set", "image_size=128")
    _core(first, home, "", *(train if trained else ("dataset", "list")))
    homes: dict[str, Path] = {}
    moved: Path | None = None
    for number, (name, arrangement) in enumerate(arrangements.items()):
        if arrangement.server and moved:  # the same database, and the folder that belongs to it
            homes[name] = moved
            continue
        homes[name] = place / f"home-{number}"
        shutil.copytree(home, homes[name])
        if arrangement.server:
            _core(_ROOT, homes[name], "", "move-database", arrangement.server)
            moved = homes[name]
    return homes


def _environment(home: Path, server: str) -> dict[str, str]:
    known = {**os.environ, "LIGHTBOX_HOME": str(home), "LIGHTBOX_AHEAD": "0"}
    known.pop("LIGHTBOX_DATABASE", None)
    return {**known, "LIGHTBOX_DATABASE": server} if server else known


def _core(checkout: Path, home: Path, server: str, *words: str) -> None:
    command = [sys.executable, "-m", "core", *words]
    environment = _environment(home, server)
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def _workers(arrangement: Arrangement, home: Path, lane: str) -> Iterator[list[int]]:
    """Programs that keep one worker each, on a core of its own, ready; their process ids."""
    cores = sorted(os.sched_getaffinity(0))
    programs = []
    try:
        for number in range(arrangement.workers):
            command = ["taskset", "-c", str(cores[number % len(cores)])]
            command += [sys.executable, "-m", "core", "worker", "--lane", lane]
            programs.append(
                subprocess.Popen(
                    command,
                    cwd=arrangement.checkout,
                    env=_environment(home, arrangement.server),
                    stdout=subprocess.DEVNULL,
                )
            )
        time.sleep(1)
        while not all(len(_family(each.pid)) > 1 for each in programs):
            time.sleep(0.2)
        pids = [each.pid for each in programs]
        before: list[float] = []
        # Until they have imported what they need, and rest.
        while max((b - a for a, b in zip(before, _all(pids), strict=False)), default=1.0) > 0.15:
            before = _all(pids)
            time.sleep(_REST_S)
        yield [each.pid for each in programs]
    finally:
        for each in programs:
            each.terminate()
        for each in programs:
            each.wait()


def _done(arrangement: Arrangement, home: Path, what: str, folder: Path, name: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _DO, what, str(folder), name],
        cwd=arrangement.checkout,
        env=_environment(home, arrangement.server),
        capture_output=True,
        text=True,
        check=True,
    )
    state, error, seconds = json.loads(done.stdout)
    if state != "done":
        raise SystemExit(f"{name}, {what}: {state}. {error}")
    return round(float(seconds), 2)


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += _family(int(child))
    return found


def _processor_s(pid: int) -> float:
    """User and system seconds of a process, all below it, and those of them that have ended."""
    ticks = 0
    for each in _family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _all(pids: Sequence[int]) -> list[float]:
    return [_processor_s(pid) for pid in pids]


def _summary(found: dict[str, dict[str, list[Any]]], images: int, rounds: int) -> dict[str, Any]:
    said: dict[str, Any] = {"benchmark": "hands", "images": images, "rounds": rounds}
    for name, of in found.items():
        said[name] = {
            what: {"seconds": [s for s, _ in each], "processor_s": [cost for _, cost in each]}
            for what, each in of.items()
        }
    for database in ("SQLite", "PostgreSQL"):
        if f"two, {database}" not in found:
            continue
        one, two = found[f"one, {database}"], found[f"two, {database}"]
        for what in one:
            said[f"{what}, {database}"] = {
                "times_as_fast": _ratio([s for s, _ in one[what]], [s for s, _ in two[what]]),
                "by_processor": _ratio(
                    [sum(cost) for _, cost in one[what]], [max(cost) for _, cost in two[what]]
                ),
            }
    return said


def _ratio(one: Sequence[float], two: Sequence[float]) -> float:
    return round(statistics.median(one) / statistics.median(two), 2)


if __name__ == "__main__":
    main()
