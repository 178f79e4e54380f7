"""Work that runs or waits, from the command line: seen, put in order, paused, stopped, resumed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.catalog import Catalog, RunRecord
from core.jobs.machine import this_place
from core.progress import Wishes
from tests.core.cli.conftest import ROOT, Cli
from tests.core.jobs import tiny

assert tiny.MODULE, "importing it registers its kinds"


def add_run(catalog: Catalog, name: str, kind: str = "train") -> RunRecord:
    job = catalog.jobs.add(kind, {}, lane="train", subject="d")
    return catalog.runs.add(name, dataset_id="d", dataset_version=1, spec={}, job_id=job.id)


@pytest.fixture
def runs(catalog: Catalog) -> list[RunRecord]:
    """``one`` runs; ``two``, ``three`` and ``four`` wait."""
    made = [add_run(catalog, name) for name in ("one", "two", "three", "four")]
    catalog.jobs.claim("train", pid=os.getpid(), host=this_place())
    return made


def wishes(catalog: Catalog, run: RunRecord) -> Wishes:
    return catalog.jobs.get(run.job_id).wishes


def test_the_queue_is_what_runs_and_then_what_waits(
    catalog: Catalog, runs: list[RunRecord], cli: Cli
) -> None:
    catalog.datasets.add("hands", "folder", "/photos")
    dataset = catalog.datasets.find("hands")
    catalog.jobs.add("scan", {}, lane="light", subject=dataset.id)
    catalog.jobs.progress(runs[0].job_id, "fit", 3, 10, "Epoch 3 of 10")
    entries = cli("queue", "--json").document
    assert [(entry["name"], entry["kind"], entry["position"]) for entry in entries] == [
        ("one", "train", 0),
        ("two", "train", 1),
        ("three", "train", 2),
        ("four", "train", 3),
        ("hands", "scan", 1),
    ]
    assert (entries[0]["state"], entries[0]["fraction"]) == ("running", 0.3)
    lines = cli("queue").out.splitlines()
    assert len(lines) == 6
    assert "Epoch 3 of 10 (30 %)" in lines[1]
    assert lines[2].split()[:2] == ["1", "two"]


def test_an_empty_queue_is_said(catalog: Catalog, cli: Cli) -> None:
    assert cli("queue").out == "Nothing runs, and nothing waits.\n"
    assert cli("queue", "--json").document == []


def test_waiting_work_is_moved_by_run_or_by_job(
    catalog: Catalog, runs: list[RunRecord], cli: Cli
) -> None:
    moved = cli("queue", "move", "four", "first", "--json").document
    assert [entry["name"] for entry in moved] == ["one", "four", "two", "three"]
    cli("queue", "move", runs[1].job_id, "down")
    assert [job.id for job in catalog.jobs.queue("train")] == [
        runs[number].job_id for number in (3, 2, 1)
    ]
    assert "not waiting" in cli("queue", "move", "one", "last").mistake
    assert "There is no run named “nine”" in cli("queue", "move", "nine", "last").mistake


def test_waiting_work_is_cancelled_and_running_work_is_left_to_stop(
    catalog: Catalog, runs: list[RunRecord], cli: Cli
) -> None:
    assert cli("queue", "cancel", "two", "--json").document["state"] == "cancelled"
    assert catalog.runs.get(runs[1].id).state == "cancelled"
    assert "stop RUN" in cli("queue", "cancel", "one").mistake
    assert wishes(catalog, runs[0]) == Wishes()


def test_a_run_is_paused_goes_on_faster_and_is_stopped(
    catalog: Catalog, runs: list[RunRecord], cli: Cli
) -> None:
    (one, *_) = runs
    assert cli("pause", "one", "--json").document["wishes"]["paused"]
    assert wishes(catalog, one) == Wishes(paused=True)
    assert "Paused" in cli("queue").out
    assert cli("resume", "one").out == "Run “one” goes on.\n"
    assert wishes(catalog, one) == Wishes()
    assert cli("rate", "one", "0.02", "--json").document["wishes"]["learning_rate"] == 0.02
    assert "kept" in cli("stop", "one").out
    assert wishes(catalog, one) == Wishes(stop="keep", learning_rate=0.02)
    assert "nothing of it is kept" in cli("stop", "one", "--discard").out
    assert wishes(catalog, one).stop == "discard"
    assert catalog.runs.get(one.id).state == "running", "it is its process that ends it"


def test_a_waiting_run_that_is_stopped_is_out_of_the_queue(
    catalog: Catalog, runs: list[RunRecord], cli: Cli
) -> None:
    assert cli("stop", "two", "--json").document["state"] == "cancelled"
    assert runs[1].job_id not in [job.id for job in catalog.jobs.queue("train")]


@pytest.mark.parametrize("command", [("pause",), ("rate", "0.1"), ("stop",), ("resume",)])
def test_what_has_ended_can_not_be_steered(
    catalog: Catalog, runs: list[RunRecord], cli: Cli, command: tuple[str, ...]
) -> None:
    catalog.jobs.finish(runs[0].job_id, "done")
    verb, *rest = command
    assert "done" in cli(verb, "one", *rest).mistake


@pytest.mark.parametrize("command", [("pause",), ("rate", "0.1")])
def test_what_waits_can_not_be_steered(
    runs: list[RunRecord], cli: Cli, command: tuple[str, ...]
) -> None:
    verb, *rest = command
    assert "it is queued" in cli(verb, "two", *rest).mistake


def test_a_learning_rate_that_can_not_work_is_a_sentence(runs: list[RunRecord], cli: Cli) -> None:
    assert "A learning rate of 3 can't work" in cli("rate", "one", "3").mistake


def test_a_run_that_runs_has_nothing_to_resume(runs: list[RunRecord], cli: Cli) -> None:
    assert cli("resume", "one").mistake == "Run “one” is running."


def test_an_interrupted_run_is_done_again_in_this_process(catalog: Catalog, cli: Cli) -> None:
    run = add_run(catalog, "night", "tiny.mistake")
    catalog.jobs.finish(run.job_id, "interrupted", "Lightbox was closed.")
    assert cli("resume", "night").mistake == "This folder is empty (photos). Choose another."
    job = catalog.jobs.get(run.job_id)
    assert (job.state, job.pid) == ("failed", os.getpid())


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_early_is_no_mistake_of_anybodys(
    catalog: Catalog, unbuffered: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "core", "queue"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141
    assert list(catalog.workspace.logs.iterdir()) == []
