"""Computers of a team, with a database and a store of files between them: whatever happens to them
in whichever moment of a job, it ends right, and nothing is lost or done twice.

Each computer is a process tree with a home of its own. With LIGHTBOX_EVERY=1 all pairs of an event
and a moment are tried, which takes a long time; else none is.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog, JobRecord, open_catalog
from core.datasets.intake import add_folder
from core.inference.batch_store import new_batch, place_of
from core.jobs.execute import execute
from core.jobs.kinds import submit_batch, submit_scan
from core.jobs.leases import LEASE_S, insist
from core.quality.curation import curated
from core.workspace import open_workspace
from tests.bucket import Bucket
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.jobs.processes import ROOT
from tests.core.jobs.together import mine
from tests.postgres import Server
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.server,
    pytest.mark.skipif(
        not os.environ.get("LIGHTBOX_EVERY"), reason="LIGHTBOX_EVERY=1 has these tried"
    ),
]

# What a moment is, by how far a job is.
MOMENTS: dict[str, Callable[[JobRecord], bool]] = {
    "queued": lambda job: job.state == "queued",
    "claimed": lambda job: job.state == "running",
    "in the middle": lambda job: bool(job.total) and job.done >= 0.3 * (job.total or 1),
    "finishing": lambda job: bool(job.total) and job.done >= 0.9 * (job.total or 1),
}
EVENTS = ("killed", "stopped", "cut off", "database restarted", "store restarted")
_PHOTOS = 900


class Team:
    """What computers share, and those that work."""

    def __init__(self, server: Server, database: str, bucket: Bucket, place: Path) -> None:
        self.server, self.database, self.bucket, self.place = server, database, bucket, place
        self.catalog = open_catalog(open_workspace(place / "first"))

    @contextmanager
    def computer(self, name: str, lane: str = "light") -> Iterator[None]:
        """One that works, until the block ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "worker", "--lane", lane],
            cwd=ROOT,
            env={**os.environ, "LIGHTBOX_HOME": str(self.place / name)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def happens(self, event: str, job_id: str) -> None:
        """Let something happen, to the worker that has the job where it is about one."""
        if event in ("killed", "stopped"):
            job = self.catalog.jobs.get(job_id)
            pid = job.pid if job.pid and not job.finished else None
            if pid is None:
                return  # nobody has it
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if event == "killed" else signal.SIGSTOP)
            if event == "stopped":
                # Until somebody else has it, or all of it is done: then it wakes, and may not
                # write any more.
                wait_until(
                    lambda: (
                        (now := self.catalog.jobs.get(job_id)).finished or now.claims > job.claims
                    ),
                    8 * LEASE_S,
                    "another owner",
                )
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        elif event == "cut off":
            self.server.cut(self.database)
        elif event == "database restarted":
            self.server.stop(signal.SIGQUIT)
            self.server.start()
        else:
            self.bucket.server.end()
            self.bucket.server.begin()


@pytest.fixture
def team(
    server: Server, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """What computers share, and this one, which does no work."""
    database = server.new_database()
    monkeypatch.setenv("LIGHTBOX_DATABASE", server.url(database))
    monkeypatch.setenv("LIGHTBOX_FILES", f"s3://{bucket.name}/team")
    team = Team(server, database, bucket, tmp_path)
    yield team
    team.catalog.engine.dispose()


def _scan(catalog: Catalog, place: Path) -> tuple[JobRecord, Callable[[], None]]:
    for number in range(_PHOTOS):
        write_colour(
            place / "photos" / ("red", "blue")[number % 2] / f"{number}.png", "red", number
        )
    alone = add_folder(catalog, place / "photos", "alone", restrict=False)
    assert execute(catalog, mine(catalog, submit_scan(catalog, alone.id))).state == "done"
    record = add_folder(catalog, place / "photos", "together", restrict=False)

    def look() -> None:
        tables = [curated(catalog, each.id) for each in (alone, record)]
        places = ["thumb_at"]  # a scan that goes on leaves what was written and not noted
        pd.testing.assert_frame_equal(*(table.drop(columns=places) for table in tables))
        scans = [each for each in catalog.changes.of(record.id) if each.action == "index"]
        assert len(scans) == 1

    return submit_scan(catalog, record.id), look


def _batch(catalog: Catalog, place: Path) -> tuple[JobRecord, Callable[[], None]]:
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, place / "training", {"train": images, "test": images})
    for number in range(_PHOTOS):
        write_colour(place / "new" / f"{number}.png", "red", number)
    alone, together = (new_batch(catalog, run.id, place / "new") for _ in range(2))
    assert execute(catalog, mine(catalog, submit_batch(catalog, alone))).state == "done"
    assert catalog.workspace.keeper is not None
    catalog.workspace.keeper.settle_all()

    def look() -> None:
        assert catalog.workspace.keeper is not None
        catalog.workspace.keeper.bring_again()
        one, two = (place_of(catalog.workspace, each) for each in (alone, together))
        names = ("answers.parquet",) * 2
        found = [pd.read_parquet(each / name) for each, name in zip((one, two), names, strict=True)]
        pd.testing.assert_frame_equal(*found)

    return submit_batch(catalog, together), look


@pytest.mark.parametrize(
    ("work", "moment", "event"),
    list(itertools.product((_scan, _batch), MOMENTS, EVENTS)),
    ids=lambda each: getattr(each, "__name__", each),
)
def test_whatever_happens_a_job_ends_right(
    team: Team,
    tmp_path: Path,
    work: Callable[[Catalog, Path], tuple[JobRecord, Callable[[], None]]],
    moment: str,
    event: str,
) -> None:
    job, look = work(team.catalog, tmp_path)
    with team.computer("second"), team.computer("third"):

        def is_it() -> bool:
            now = team.catalog.jobs.get(job.id)
            return now.finished or MOMENTS[moment](now)

        wait_until(is_it, 180, moment)
        team.happens(event, job.id)
        wait_until(lambda: _asked(team.catalog, job).finished, 240, "the job's end")
        ended = _asked(team.catalog, job)
        assert (ended.state, ended.error) == ("done", "")
        look()


def _asked(catalog: Catalog, job: JobRecord) -> JobRecord:
    """The job, as soon as the database can be asked."""
    found = insist(lambda: catalog.jobs.get(job.id))
    assert found is not None
    return found
