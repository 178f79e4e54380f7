"""Computers of a team, with a database and a store of files between them: whatever happens to them
in whichever moment of a job, it ends right, and nothing is lost or done twice.

With LIGHTBOX_EVERY=1 all kinds of work are tried with all events in all moments, which takes more
than an hour; else one.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from core.catalog import JobRecord
from core.datasets.intake import add_folder
from core.inference.batch_store import new_batch, place_of
from core.jobs.execute import execute
from core.jobs.kinds import submit_batch, submit_scan
from core.jobs.leases import LEASE_S, SILENT_S, insist
from core.quality.curation import curated
from core.runs.files import RunFiles
from core.settings import Lane
from core.training.start import create_run
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.jobs.together import mine
from tests.core.training.small import add_colours, spec_of
from tests.hosts import Host, Team
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.server]

_EVERY = bool(os.environ.get("LIGHTBOX_EVERY"))
_EPOCHS = 12
# As many as are shared between computers, and a few.
_PHOTOS = 2100
_LATER = ("export", "evaluate", "figures", "publish")

# What a moment is, by how far a job is.
MOMENTS: dict[str, Callable[[JobRecord], bool]] = {
    "queued": lambda job: job.state == "queued",
    "claimed": lambda job: job.state == "running",
    "in the middle": lambda job: (
        (
            (job.kind != "train" or job.phase == "fit")
            and bool(job.total)
            and job.done >= 0.3 * (job.total or 1)
        )
        or job.phase in _LATER
    ),
    "finishing": lambda job: (
        job.phase in _LATER
        or (job.kind != "train" and bool(job.total) and job.done >= 0.9 * (job.total or 1))
    ),
}
TO_A_COMPUTER = ("killed", "stopped", "cut off", "switched off")
EVENTS = (*TO_A_COMPUTER, "database restarted", "store restarted")


@dataclass
class Work:
    """A kind of work that was done once, undisturbed.

    Attributes:
        lane: of the computers that do it.
        again: queues it anew; gives its job, and what looks whether all has come of it that came
            of it then.
    """

    lane: Lane
    again: Callable[[], tuple[JobRecord, Callable[[], None]]]


def _scan(team: Team) -> Work:
    catalog, photos = team.catalog, team.place / "photos"
    for number in range(_PHOTOS):
        write_colour(photos / ("red", "blue")[number % 2] / f"{number}.png", "red", number)
    alone = add_folder(catalog, photos, "alone", restrict=False)
    assert execute(catalog, mine(catalog, submit_scan(catalog, alone.id))).state == "done"
    numbers = itertools.count()

    def again() -> tuple[JobRecord, Callable[[], None]]:
        record = add_folder(catalog, photos, f"together {next(numbers)}", restrict=False)

        def look() -> None:
            tables = [curated(catalog, each.id) for each in (alone, record)]
            places = ["thumb_at"]  # a scan that goes on leaves what was written and not noted
            pd.testing.assert_frame_equal(*(table.drop(columns=places) for table in tables))
            scans = [each for each in catalog.changes.of(record.id) if each.action == "index"]
            assert len(scans) == 1

        return submit_scan(catalog, record.id), look

    return Work("light", again)


def _batch(team: Team) -> Work:
    catalog, new = team.catalog, team.place / "new"
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, team.place / "training", {"train": images, "test": images})
    for number in range(_PHOTOS):
        write_colour(new / f"{number}.png", "red", number)
    alone = new_batch(catalog, run.id, new)
    assert execute(catalog, mine(catalog, submit_batch(catalog, alone))).state == "done"
    assert catalog.workspace.keeper is not None
    catalog.workspace.keeper.settle_all()
    answers = pd.read_parquet(place_of(catalog.workspace, alone) / "answers.parquet")

    def again() -> tuple[JobRecord, Callable[[], None]]:
        together = new_batch(catalog, run.id, new)

        def look() -> None:
            assert catalog.workspace.keeper is not None
            catalog.workspace.keeper.bring_again()
            found = place_of(catalog.workspace, together) / "answers.parquet"
            pd.testing.assert_frame_equal(pd.read_parquet(found), answers)

        return submit_batch(catalog, together), look

    return Work("light", again)


def _training(team: Team) -> Work:
    catalog = team.catalog
    spec = spec_of(add_colours(catalog, team.place / "shades"), epochs=_EPOCHS)

    def queued() -> tuple[str, JobRecord]:
        run = create_run(catalog, spec)
        return run.id, catalog.jobs.get(run.job_id)

    alone, job = queued()
    team.working("train")
    wait_until(lambda: catalog.jobs.get(job.id).finished, 240, "an undisturbed training")
    assert catalog.jobs.get(job.id).state == "done", catalog.jobs.get(job.id).error

    def again() -> tuple[JobRecord, Callable[[], None]]:
        before = len(catalog.runs.all())
        run_id, job = queued()

        def look() -> None:
            assert catalog.workspace.keeper is not None
            catalog.workspace.keeper.bring_again()
            assert len(catalog.runs.all()) == before + 1
            files, expected = (RunFiles(catalog.workspace, each) for each in (run_id, alone))
            one, other = (
                [_figures(entry.as_json()) for entry in each.history()]
                for each in (files, expected)
            )
            assert [entry["epoch"] for entry in one] == list(range(1, _EPOCHS + 1))
            for here, there in zip(one, other, strict=True):
                assert here == pytest.approx(there, abs=1e-4)
            found, wanted = (catalog.runs.get(each) for each in (run_id, alone))
            assert found.state == "done"
            assert found.summary.test_accuracy == wanted.summary.test_accuracy
            tables = [pd.read_parquet(each.test().predictions) for each in (files, expected)]
            pd.testing.assert_frame_equal(*tables, atol=1e-3)
            assert not (files.folder / "checkpoint").exists()

        return job, look

    return Work("train", again)


def _figures(epoch: dict[str, Any]) -> dict[str, Any]:
    """What is the same each time that it is trained."""
    return {name: value for name, value in epoch.items() if name not in ("seconds", "memory_mb")}


KINDS = {"scan": _scan, "batch": _batch, "training": _training}
_ALL = list(itertools.product(KINDS, MOMENTS, EVENTS))
# What is cheaper to be tried in other ways is, in tests/core/jobs/test_hands.py for example.
_SOME = [("training", "in the middle", "cut off")]


@pytest.fixture(scope="module")
def done_once() -> dict[str, Work]:
    """Work that was done undisturbed, by its kind."""
    return {}


@contextmanager
def happening(team: Team, event: str, host: Host) -> Iterator[None]:
    """Something happens, and for as long as it lasts is up to what is inside."""
    if event == "database restarted":
        team.server.stop(signal.SIGQUIT)
        team.server.start()
        yield
    elif event == "store restarted":
        team.bucket.server.end()
        team.bucket.server.begin()
        yield
    elif event == "switched off":
        host.switch_off()
        yield
    elif event == "cut off" and host.cable("down"):
        try:
            yield
        finally:
            host.cable("up")
    elif event == "cut off":
        team.server.cut(team.database)
        yield
    else:
        worker = host.worker()
        assert worker is not None
        os.kill(worker, signal.SIGKILL if event == "killed" else signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)


@pytest.mark.keras
@pytest.mark.parametrize(("kind", "moment", "event"), _ALL if _EVERY else _SOME)
def test_whatever_happens_a_job_ends_right(
    team: Team, done_once: dict[str, Work], kind: str, moment: str, event: str
) -> None:
    if kind not in done_once:
        done_once[kind] = KINDS[kind](team)
    work, catalog = done_once[kind], team.catalog
    hosts = team.working(work.lane)
    if moment == "queued" and event in TO_A_COMPUTER:
        with happening(team, event, hosts[0]):
            job, look = work.again()
            _ended(team, job)
    else:
        job, look = work.again()

        def is_it() -> JobRecord | None:
            now = catalog.jobs.get(job.id)
            return now if now.finished or MOMENTS[moment](now) else None

        now = wait_until(is_it, 180, moment)
        owner = next((host for host in hosts if host.has(now)), hosts[0])
        said = f"{now.state} {now.phase} {now.done}/{now.total} on {owner.name}"
        print(f"\n{kind}, {moment}, {event}: {said}")
        with happening(team, event, owner):
            if event in ("stopped", "cut off"):
                # Until others have it, or all of it is done: then it wakes, and may not write any
                # more.
                wait_until(
                    lambda: (later := _asked(team, job)).finished or later.claims > now.claims,
                    8 * (LEASE_S + SILENT_S),
                    "another owner",
                )
    ended = _ended(team, job)
    assert (ended.state, ended.error) == ("done", "")
    # Whoever had it before has noticed, too.
    team.working(work.lane)
    look()
    print(f"claims {ended.claims}, lost {ended.lost}")


def _ended(team: Team, job: JobRecord) -> JobRecord:
    wait_until(lambda: _asked(team, job).finished, 240, "the job's end")
    return _asked(team, job)


def _asked(team: Team, job: JobRecord) -> JobRecord:
    """The job, as soon as the database can be asked."""
    found = insist(lambda: team.catalog.jobs.get(job.id))
    assert found is not None
    return found
