"""A run's curves are what its events say, read once each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy

from core.catalog import Catalog, JobRecord
from core.jobs.live import curves

Say = Callable[..., None]


@pytest.fixture
def job(catalog: Catalog) -> JobRecord:
    return catalog.jobs.add("train", {}, lane="train")


@pytest.fixture
def say(catalog: Catalog, job: JobRecord) -> Say:
    def append(kind: str, **payload: Any) -> None:
        catalog.jobs.append_event(job.id, kind, payload)

    return append


def epoch(number: int, best: bool = False) -> dict[str, Any]:
    return {"epoch": number, "epochs": 9, "loss": 1 / number, "best": best}


def batch(number: int, batch: int = 5) -> dict[str, Any]:
    return {"epoch": number, "epochs": 9, "batch": batch, "batches": 10, "loss": 1 / number}


def test_epochs_batches_and_notes_are_in_order(catalog: Catalog, job: JobRecord, say: Say) -> None:
    say("note", text="All images were decoded before.")
    say("batch", **batch(1))
    say("epoch", **epoch(1, best=True))
    say("batch", **batch(2, 10))
    say("epoch", **epoch(2, best=True))
    say("epoch", **epoch(3))
    say("phase", phase="export")
    seen = curves(catalog, job.id)
    assert seen.epochs == [epoch(1, True), epoch(2, True), epoch(3)]
    assert [entry["at"] for entry in seen.batches] == [0.5, 2.0]
    assert seen.notes == ["All images were decoded before."]
    assert seen.best == epoch(2, True)


def test_a_job_without_events_has_empty_curves(catalog: Catalog, job: JobRecord) -> None:
    seen = curves(catalog, job.id)
    assert (seen.epochs, seen.batches, seen.notes, seen.best) == ([], [], [], None)
    assert (seen.diagnoses, seen.snapshot) == ([], None)


def test_of_diagnoses_the_latest_of_each_key_counts(
    catalog: Catalog, job: JobRecord, say: Say
) -> None:
    for key, text in (("plateau", "Nothing moves."), ("overfit", "It learns by heart.")):
        say("diagnosis", key=key, text=text, remedy="")
    say("diagnosis", key="plateau", text="Still nothing moves.", remedy="Raise the rate.")
    said = [(entry["key"], entry["text"]) for entry in curves(catalog, job.id).diagnoses]
    assert said == [("overfit", "It learns by heart."), ("plateau", "Still nothing moves.")]


def test_what_was_noticed_is_not_said_any_more_once_it_is_over(
    catalog: Catalog, job: JobRecord, say: Say
) -> None:
    for key, text in (("plateau", "Nothing moves."), ("overfitting", "It learns by heart.")):
        say("diagnosis", key=key, text=text, remedy="")
    say("recovered", key="overfitting")
    say("recovered", key="dead")
    assert [entry["key"] for entry in curves(catalog, job.id).diagnoses] == ["plateau"]


def test_the_newest_snapshot_is_shown(catalog: Catalog, job: JobRecord) -> None:
    catalog.jobs.replace_event(job.id, "snapshot", {"epoch": 1})
    assert curves(catalog, job.id).snapshot == {"epoch": 1}
    catalog.jobs.replace_event(job.id, "snapshot", {"epoch": 2})
    assert curves(catalog, job.id).snapshot == {"epoch": 2}


@pytest.mark.parametrize("looked_before", [False, True])
def test_what_an_interrupted_attempt_said_beyond_the_resumed_epoch_is_dropped(
    catalog: Catalog, job: JobRecord, say: Say, looked_before: bool
) -> None:
    say("note", text="All images were decoded before.")
    for number in (1, 2):
        say("batch", **batch(number))
        say("epoch", **epoch(number, best=True))
    say("diagnosis", key="plateau", text="Nothing moves.", remedy="")
    say("batch", **batch(3))
    say("epoch", **epoch(3, best=True))
    say("batch", **batch(4))
    say("diagnosis", key="overfit", text="It learns by heart.", remedy="")
    if looked_before:
        assert len(curves(catalog, job.id).batches) == 4
    say("note", text="All images were decoded before.")
    say("resumed", epoch=2)
    back = curves(catalog, job.id)
    assert [entry["epoch"] for entry in back.epochs] == [1, 2]
    assert [entry["epoch"] for entry in back.batches] == [1, 2]
    assert [entry["key"] for entry in back.diagnoses] == ["plateau"]
    assert back.best == epoch(2, True)
    assert back.notes == ["All images were decoded before."]
    say("batch", **batch(3))
    say("epoch", **epoch(3))
    again = curves(catalog, job.id)
    assert [entry["epoch"] for entry in again.epochs] == [1, 2, 3]
    assert [entry["at"] for entry in again.batches] == [0.5, 1.5, 2.5]


def test_going_on_after_a_pause_drops_nothing(catalog: Catalog, job: JobRecord, say: Say) -> None:
    say("epoch", **epoch(1))
    say("batch", **batch(2))
    say("paused")
    say("resumed")
    seen = curves(catalog, job.id)
    assert (len(seen.epochs), len(seen.batches)) == (1, 1)


def test_events_are_read_once_and_what_comes_is_added(
    catalog: Catalog, job: JobRecord, say: Say
) -> None:
    for number in range(1, 4):
        say("epoch", **epoch(number))
    before = curves(catalog, job.id)
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE events SET payload = '{}'"))
    say("epoch", **epoch(4))
    after = curves(catalog, job.id)
    assert [entry["epoch"] for entry in after.epochs] == [1, 2, 3, 4]
    assert [entry["epoch"] for entry in before.epochs] == [1, 2, 3], "a value does not grow"


def test_curves_of_runs_that_nobody_looks_at_any_more_are_forgotten(
    catalog: Catalog, job: JobRecord, say: Say
) -> None:
    say("note", text="before")
    assert curves(catalog, job.id).notes == ["before"]
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("""UPDATE events SET payload = '{"text": "now"}'"""))
    assert curves(catalog, job.id).notes == ["before"]
    for number in range(40):
        curves(catalog, f"j-{number}")
    assert curves(catalog, job.id).notes == ["now"]
