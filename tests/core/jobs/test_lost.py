"""What became of a job that did not come to its own end is a sentence that says what to do."""

from __future__ import annotations

import dataclasses

import pytest

from core.catalog import Catalog, JobRecord
from core.jobs import lost
from core.progress import Wishes

RESUME = "Resume it to go on from what it had kept."


@pytest.fixture
def scan(catalog: Catalog) -> JobRecord:
    return catalog.jobs.add("scan", {}, lane="light")


@pytest.fixture
def training(catalog: Catalog) -> JobRecord:
    return catalog.jobs.add("train", {}, lane="train")


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "ran out of memory"), (-11, "SIGSEGV"), (-250, "250"), (1, "exit code 1")],
)
def test_how_a_worker_died_says_what_to_do(
    scan: JobRecord, training: JobRecord, code: int, words: str
) -> None:
    assert words in lost.died(scan, code)
    assert "start it again" in lost.died(scan, code)
    assert words in lost.died(training, code)
    assert RESUME in lost.died(training, code)
    assert "start it again" not in lost.died(training, code)


def test_a_training_that_was_closed_away_can_be_resumed(
    scan: JobRecord, training: JobRecord
) -> None:
    paused = dataclasses.replace(training, wishes=Wishes(paused=True))
    assert lost.closed(training) == f"Lightbox was closed while this was running. {RESUME}"
    assert lost.closed(paused) == f"Lightbox was closed while this was paused. {RESUME}"
    assert lost.closed(scan).endswith("running. Start it again to do it anew.")


def test_one_whose_process_has_gone_can_be_resumed(scan: JobRecord, training: JobRecord) -> None:
    assert lost.without_a_word(training).endswith(RESUME)
    assert lost.without_a_word(scan).endswith("Start it again.")


def test_a_worker_that_can_not_be_started_names_its_log(
    scan: JobRecord, training: JobRecord
) -> None:
    assert "5 times in a row" in lost.hopeless(scan, 5, "worker-light.log")
    assert "worker-light.log. Start it again once" in lost.hopeless(scan, 5, "worker-light.log")
    assert "worker-train.log. Resume it once" in lost.hopeless(training, 5, "worker-train.log")
