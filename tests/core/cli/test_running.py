"""Ctrl-C while something is done: it is asked to stop, and what became of it is said."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from core.catalog import Catalog
from core.cli.output import Output
from core.cli.running import Stopped, run_job
from core.jobs.machine import this_place
from tests.waiting import wait_until


def test_what_a_running_app_does_is_asked_to_stop_too(
    catalog: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it would say that it stopped, and the model would be there."""
    held = catalog.jobs.hold("train", {}, lane="train", subject="d")
    run = catalog.runs.add("hands", dataset_id="d", dataset_version=1, spec={}, job_id=held.id)
    catalog.jobs.release(held.id, {"run_id": run.id})
    job = catalog.jobs.claim("train", pid=os.getpid(), host=this_place(), job_id=held.id)
    assert job is not None
    usual = signal.getsignal(signal.SIGINT)

    def interrupt_then_obey() -> None:
        wait_until(lambda: signal.getsignal(signal.SIGINT) is not usual, 60)
        pressed = signal.getsignal(signal.SIGINT)
        assert callable(pressed)
        pressed(signal.SIGINT, None)
        wait_until(lambda: catalog.jobs.get(job.id).wishes.stop == "keep", 60)
        catalog.jobs.finish(job.id, "cancelled", claim=job.claims)

    app = threading.Thread(target=interrupt_then_obey)
    app.start()
    with pytest.raises(Stopped, match="“hands” has no model yet"):
        run_job(catalog, job, Output(json_wanted=False))
    app.join()
    assert signal.getsignal(signal.SIGINT) is usual
    assert "Asked the app" in capsys.readouterr().err
