"""Runs are found by words and filters, their size is known, and the bin is emptied after a week."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import text

from core.catalog import Catalog, RunRecord, RunSummary
from core.errors import NotFound
from core.evaluation.library import (
    KEPT_S,
    Query,
    empty_bin,
    entries,
    search,
    starting_from,
    thin_test,
)


def a_run(catalog: Catalog, name: str, state: str = "done", **values: Any) -> RunRecord:
    summary = values.pop("summary", None)
    job = catalog.jobs.add("train", {}, lane="train")
    if state != "queued":
        catalog.jobs.finish(job.id, state)  # type: ignore[arg-type]
    spec = {"recipe": "quick", "architecture": "mobilenet_v2"} | values
    run = catalog.runs.add(
        name, dataset_id="d", dataset_version=1, spec=spec, job_id=job.id, summary=summary
    )
    folder = catalog.workspace.run(run.id)
    (folder / "on").mkdir(parents=True)
    (folder / "model.xml").write_bytes(b"x" * 700)
    (folder / "on/evaluation.json").write_bytes(b"y" * 300)
    return run


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"test_images": 2}, "too few test photos"),
        ({"test_images": 50}, ""),
        ({"test_images": 50, "test_fewest": 0}, "a class has no test photos"),
        ({"test_images": 50, "test_fewest": 4}, ""),
        ({"test_accuracy": None}, ""),
    ],
)
def test_a_share_of_next_to_nothing_is_told_apart(
    catalog: Catalog, counted: dict[str, Any], said: str
) -> None:
    summary = RunSummary(**{"test_accuracy": 1.0} | counted)
    assert thin_test(a_run(catalog, "Night 1", summary=summary)) == said


@pytest.fixture
def shelf(catalog: Catalog) -> dict[str, RunRecord]:
    return {
        "night": a_run(catalog, "Night 1", summary=RunSummary(test_accuracy=0.9, test_images=50)),
        "day": a_run(
            catalog,
            "Day 1",
            recipe="classic",
            architecture="classic",
            summary=RunSummary(test_accuracy=0.97, test_images=50),
        ),
        "broken": a_run(catalog, "Broken", "failed"),
    }


def names(catalog: Catalog, *words: str, **filters: Any) -> list[str]:
    return [each.run.name for each in search(entries(catalog), Query(*words, **filters))]


def test_words_are_looked_for_everywhere(catalog: Catalog, shelf: dict[str, RunRecord]) -> None:
    catalog.runs.set_tags(shelf["day"].id, ["Fair"])
    catalog.runs.note(shelf["night"].id, "Taken with the old camera")
    assert names(catalog, "night") == ["Night 1"]
    assert names(catalog, "OLD camera") == ["Night 1"]
    assert names(catalog, "fair") == ["Day 1"]
    assert names(catalog, "mobilenet 1") == ["Night 1"]
    assert names(catalog, "nothing like it") == []


def test_filters_narrow_and_orders_order(catalog: Catalog, shelf: dict[str, RunRecord]) -> None:
    catalog.runs.set_tags(shelf["day"].id, ["Fair"])
    catalog.runs.star(shelf["night"].id)
    assert names(catalog, recipe="Classic") == names(catalog, recipe="classic") == ["Day 1"]
    assert names(catalog, state="failed") == ["Broken"]
    assert names(catalog, tag="fair") == ["Day 1"]
    assert names(catalog, starred=True) == ["Night 1"]
    assert names(catalog, sort="accuracy") == ["Day 1", "Night 1", "Broken"]
    assert names(catalog, sort="oldest") == ["Night 1", "Day 1", "Broken"]
    assert names(catalog, sort="name") == ["Broken", "Day 1", "Night 1"]


def test_archived_runs_are_shown_when_asked_for(
    catalog: Catalog, shelf: dict[str, RunRecord]
) -> None:
    catalog.runs.archive(shelf["night"].id)
    assert names(catalog, sort="name") == ["Broken", "Day 1"]
    assert names(catalog, archived=True) == ["Night 1"]
    assert len(names(catalog, archived=None)) == 3


def test_the_size_is_that_of_all_files(catalog: Catalog, shelf: dict[str, RunRecord]) -> None:
    assert {entry.disk for entry in entries(catalog)} == {1000}
    (catalog.workspace.run(shelf["night"].id) / "more").write_bytes(b"z" * 5)
    assert max(entry.disk for entry in entries(catalog)) == 1005


def test_a_run_that_others_start_from_is_known(
    catalog: Catalog, shelf: dict[str, RunRecord]
) -> None:
    night = shelf["night"]
    a_run(catalog, "by id", weights=f"run:{night.id}")
    a_run(catalog, "by name", weights="run:Night 1")
    assert {run.name for run in starting_from(catalog, night)} == {"by id", "by name"}
    assert starting_from(catalog, shelf["day"]) == []


def test_the_bin_keeps_runs_for_a_week(catalog: Catalog, shelf: dict[str, RunRecord]) -> None:
    night, day = shelf["night"], shelf["day"]
    for run in (night, day):
        catalog.runs.delete(run.id)
    with catalog.engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET deleted_at = :at WHERE id = :id"),
            {"at": time.time() - KEPT_S - 1, "id": night.id},
        )
    assert [run.name for run in empty_bin(catalog, older_than_s=KEPT_S)] == ["Night 1"]
    assert not catalog.workspace.run(night.id).exists()
    with pytest.raises(NotFound):
        catalog.runs.get(night.id)
    assert catalog.workspace.run(day.id).exists()
    catalog.runs.restore(day.id)
    assert empty_bin(catalog) == []
    assert catalog.runs.find("Day 1").id == day.id


def test_emptying_the_bin_removes_what_is_in_it_and_nothing_else(
    catalog: Catalog, shelf: dict[str, RunRecord]
) -> None:
    for run in shelf.values():
        catalog.runs.delete(run.id)
    catalog.runs.restore(shelf["day"].id)
    assert [run.name for run in empty_bin(catalog, only=[shelf["night"].id])] == ["Night 1"]
    assert [run.name for run in empty_bin(catalog)] == ["Broken"]
    assert [run.name for run in catalog.runs.all()] == ["Day 1"]
    assert not catalog.workspace.run(shelf["broken"].id).exists()
