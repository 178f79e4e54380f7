"""Several machines do one job together: the same to the bit as one alone, whoever dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.catalog import Catalog, JobRecord
from core.datasets.intake import add_folder
from core.inference import batch as batch_module
from core.inference.batch_store import new_batch, place_of
from core.jobs.execute import execute
from core.jobs.kinds import submit_batch, submit_scan
from core.jobs.supervisor import Supervisor
from core.progress import RecordingReporter
from core.quality import scan as scan_module
from core.quality import scan_parts
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.jobs import tiny
from tests.core.jobs.processes import ended, queue
from tests.waiting import wait_until

Elsewhere = Callable[[], JobRecord | None]


@contextmanager
def another_machine(catalog: Catalog, mine: JobRecord) -> Iterator[Elsewhere]:
    """A second machine, ready; gives what waits until it has a part of a job, and returns that."""
    other = Supervisor(catalog.workspace, (tiny.MODULE,), ("light",), of_app=False)
    other.start()

    def has_one() -> JobRecord | None:
        running = catalog.jobs.all(states=("running",), parts=True)
        theirs = (job for job in running if job.whole == mine.id)
        return next((job for job in theirs if job.machine == other.machine.id), None)

    try:
        ended(catalog, queue(catalog, "tiny.note"), 180)
        yield lambda: wait_until(has_one, 120, "a part that is done elsewhere")
    finally:
        other.stop()


def mine(catalog: Catalog, job: JobRecord) -> JobRecord:
    taken = catalog.jobs.claim(
        "light", pid=os.getpid(), host="here", machine="m-here", job_id=job.id
    )
    assert taken is not None
    return taken


def watched(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], object]
) -> list[object]:
    """Have something happen before what this machine does first; gives what it did."""
    does = getattr(module, name)
    done: list[object] = []

    def watching(*given: Any, **named: Any) -> Any:
        if not done:
            happens()
        done.append(given)
        return does(*given, **named)

    monkeypatch.setattr(module, name, watching)
    return done


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed"])
def test_a_scan_by_two_machines_is_that_of_one_to_the_bit(
    catalog: Catalog,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    root = class_folders({"cat": 50, "dog": 46})
    (root / "cat" / "broken.jpg").write_bytes(b"no image")
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 20)
    alone = add_folder(catalog, root, "alone", restrict=False)
    assert execute(catalog, mine(catalog, submit_scan(catalog, alone.id))).state == "done"
    together = add_folder(catalog, root, "together", restrict=False)
    job = mine(catalog, submit_scan(catalog, together.id))
    with another_machine(catalog, job) as has_one:

        def happens() -> None:
            part = has_one()
            assert part is not None
            assert part.pid is not None
            if killed:
                os.kill(part.pid, signal.SIGKILL)

        here = watched(monkeypatch, scan_parts, "look_part", happens)
        told = RecordingReporter()
        assert execute(catalog, job, told).state == "done"
    parts = 5
    # A machine whose worker was killed starts another, which may come in time for a part.
    assert 0 < len(here) < parts + killed
    for name in ("index-1.parquet", "thumbs.pack"):
        one, two = (catalog.workspace.dataset(each.id) / name for each in (alone, together))
        assert one.read_bytes() == two.read_bytes(), name
    assert catalog.jobs.all(parts=True)[-1].whole == ""
    assert not list((catalog.workspace.cache / "parts").iterdir())
    counts = [done for phase, done, *_ in told.steps if phase == "scan"]
    assert counts == sorted(counts)
    assert counts[-1] == 97


@pytest.mark.usefixtures("either_database")
def test_a_batch_by_two_machines_is_that_of_one_to_the_bit(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "CHUNK", 8)
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    for number in range(40):
        write_colour(tmp_path / "new" / f"{number}.png", "red", number)
    (tmp_path / "new" / "broken.png").write_bytes(b"no image")
    alone, together = (new_batch(catalog, run.id, tmp_path / "new") for _ in range(2))
    assert execute(catalog, mine(catalog, submit_batch(catalog, alone))).state == "done"
    job = mine(catalog, submit_batch(catalog, together))
    with another_machine(catalog, job) as has_one:
        here = watched(monkeypatch, batch_module, "_telling", has_one)
        assert execute(catalog, job).state == "done"
    assert 0 < len(here) < 6
    one, two = (place_of(catalog.workspace, each) / "answers.parquet" for each in (alone, together))
    assert one.read_bytes() == two.read_bytes()


def test_who_stops_a_job_stops_all_its_parts(
    catalog: Catalog, class_folders: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 10)
    dataset = add_folder(catalog, class_folders({"cat": 50, "dog": 50}), "pets", restrict=False)
    job = mine(catalog, submit_scan(catalog, dataset.id))
    with another_machine(catalog, job) as has_one:

        def happens() -> None:
            has_one()
            catalog.jobs.request_cancel(job.id)

        watched(monkeypatch, scan_parts, "look_part", happens)
        assert execute(catalog, job).state == "cancelled"
        states = catalog.jobs.states_of_parts(job.id).values()
        assert "queued" not in states  # those that run were asked to stop, or have heard it
    assert execute(catalog, mine(catalog, submit_scan(catalog, dataset.id))).state == "done"
