"""A page sees what a job is at, how far it is, and how many are before it."""

from __future__ import annotations

from typing import Any

import pytest

from core.catalog import Catalog, JobRecord
from core.errors import NotFound
from core.jobs.live import curves, live


def claim(catalog: Catalog) -> JobRecord:
    job = catalog.jobs.claim("light", pid=1, host="here")
    assert job is not None
    return job


def test_a_queued_job_waits_behind_those_of_its_own_lane(catalog: Catalog) -> None:
    jobs = [catalog.jobs.add("scan", {}, lane="light") for _ in range(3)]
    catalog.jobs.add("train", {}, lane="train")
    claim(catalog)
    views = [live(catalog, job.id) for job in jobs]
    assert [view.ahead for view in views] == [0, 1, 2]
    assert views[2].doing == "Waiting to start"
    assert (views[2].fraction, views[2].seconds_left) == (None, None)


def test_a_running_job_says_what_it_does_and_how_far_it_is(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    job = claim(catalog)
    assert live(catalog, job.id).doing == "Starting"
    catalog.jobs.progress(job.id, "decode", 5, 20, "")
    assert (live(catalog, job.id).doing, live(catalog, job.id).fraction) == ("Reading images", 0.25)
    catalog.jobs.progress(job.id, "decode", 30, 20, "Reading photos")
    assert (live(catalog, job.id).doing, live(catalog, job.id).fraction) == ("Reading photos", 1.0)
    catalog.jobs.progress(job.id, "find", 5, None, "")
    assert live(catalog, job.id).fraction is None


def test_training_says_how_long_its_own_estimate_has_left(catalog: Catalog) -> None:
    catalog.jobs.add("train", {}, lane="light")
    job = claim(catalog)
    catalog.jobs.progress(job.id, "fit", 1, 10, "")
    assert live(catalog, job.id).seconds_left is None
    catalog.jobs.append_event(job.id, "batch", {"seconds_left": 40.0})
    left = live(catalog, job.id).seconds_left
    assert left is not None
    assert 30 < left <= 40
    catalog.jobs.append_event(job.id, "batch", {"seconds_left": 0.0})
    assert live(catalog, job.id).seconds_left == 0


def test_an_ended_job_has_nothing_left(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    job = claim(catalog)
    catalog.jobs.progress(job.id, "scan", 10, 20, "")
    catalog.jobs.finish(job.id, "failed", "The disk is full.")
    view = live(catalog, job.id)
    assert (view.job.error, view.seconds_left, view.ahead) == ("The disk is full.", None, 0)


def test_a_job_that_is_not_there_is_a_sentence(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="not here any more"):
        live(catalog, "j-nothing")


def test_curves_hold_epochs_batches_and_notes_in_order(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")

    def epoch(number: int, best: bool) -> dict[str, Any]:
        return {"epoch": number, "loss": 1 / number, "best": best}

    for kind, payload in (
        ("note", {"text": "All images were decoded before."}),
        ("batch", {"epoch": 1, "batch": 5, "batches": 10, "loss": 2.0}),
        ("epoch", epoch(1, True)),
        ("batch", {"epoch": 2, "batch": 10, "batches": 10, "loss": 1.0}),
        ("epoch", epoch(2, True)),
        ("epoch", epoch(3, False)),
        ("phase", {"phase": "export"}),
    ):
        catalog.jobs.append_event(job.id, kind, payload)
    seen = curves(catalog, job.id)
    assert [entry["epoch"] for entry in seen.epochs] == [1, 2, 3]
    assert [entry["at"] for entry in seen.batches] == [0.5, 2.0]
    assert seen.notes == ["All images were decoded before."]
    assert seen.best == epoch(2, True)


def test_a_job_without_events_has_empty_curves(catalog: Catalog) -> None:
    seen = curves(catalog, catalog.jobs.add("train", {}, lane="train").id)
    assert (seen.epochs, seen.batches, seen.notes, seen.best) == ([], [], [], None)
