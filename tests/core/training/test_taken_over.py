"""A computer is lost in the middle of a training, with its disk: another one goes on from what the
store has of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.execute import execute
from core.runs.files import RunFiles
from core.training.start import create_run
from tests.computers import Computer
from tests.conftest import ROOT
from tests.core.training.small import add_colours, spec_of, told
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras

# Killed as soon as the third epoch is told of: of this epoch nothing has been kept yet.
LOST = """
import os, signal, sys
from core.catalog import open_catalog
from core.jobs import reporter
from core.jobs.execute import execute
from core.progress import Reporter
from core.workspace import open_workspace

class Dies(Reporter):
    def event(self, kind, **payload):
        if kind == "epoch" and payload["epoch"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)

reporter.KEPT_EVERY_S = 0.0
reporter._KEPT_SHARE = 1e9
catalog = open_catalog(open_workspace())
job = catalog.jobs.claim("train", pid=os.getpid(), host="one", machine="m-1", job_id=sys.argv[1])
execute(catalog, job, Dies())
"""


@pytest.mark.usefixtures("shared")
def test_another_computer_goes_on_from_the_last_epoch_that_was_kept(
    computer: Computer, tmp_path: Path
) -> None:
    one = computer("one")
    dataset = add_colours(one, tmp_path / "colours")
    run = create_run(one, spec_of(dataset, epochs=4))
    env = {**os.environ, "LIGHTBOX_HOME": str(one.workspace.home)}
    command = [sys.executable, "-c", LOST, run.job_id]
    ended = subprocess.run(
        command, cwd=ROOT, env=env, timeout=240, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    shutil.rmtree(one.workspace.home)

    other = computer("other")
    lost = other.jobs.get(run.job_id)
    assert other.jobs.give_back(lost.id, claim=lost.claims)
    job = other.jobs.claim("train", pid=os.getpid(), host="other", machine="m-2")
    assert job is not None
    report = RecordingReporter()
    assert execute(other, job, report).state == "done"
    assert told(report, "resumed") == [{"epoch": 2}]
    assert [each["epoch"] for each in told(report, "epoch")] == [3, 4]
    history = RunFiles(computer("third").workspace, run.id).history()
    assert [each.epoch for each in history] == [1, 2, 3, 4]
