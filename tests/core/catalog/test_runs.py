"""A run's state is its job's, and its name leads to it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy

from core.catalog import Catalog, RunSummary
from core.errors import Conflict, NotFound
from core.who import Role, Who, acting_as

pytestmark = pytest.mark.usefixtures("either_database")


def _run(catalog: Catalog, name: str):  # type: ignore[no-untyped-def]
    job = catalog.jobs.add("train", {}, lane="train")
    return catalog.runs.add(
        name, dataset_id="d", dataset_version=1, spec={"epochs": 3}, job_id=job.id
    )


def test_the_state_follows_the_job(catalog: Catalog) -> None:
    run = _run(catalog, "hands 1")
    assert run.state == "queued"
    catalog.jobs.claim("train", pid=1, host="h")
    assert catalog.runs.get(run.id).state == "running"
    catalog.jobs.finish(run.job_id, "failed", "The folder is gone.")
    assert catalog.runs.find("hands 1").error == "The folder is gone."


def test_names_are_numbered_and_unique(catalog: Catalog) -> None:
    assert catalog.runs.free_name("hands") == "hands 1"
    _run(catalog, "hands 1")
    assert catalog.runs.free_name("hands") == "hands 2"
    with pytest.raises(Conflict, match="already a run named"):
        _run(catalog, "hands 1")


def test_headline_figures_are_added_to_those_there(catalog: Catalog) -> None:
    run = _run(catalog, "hands 1")
    catalog.runs.summarise(run.id, RunSummary(epochs=3))
    catalog.runs.summarise(run.id, RunSummary(test_accuracy=0.9))
    assert catalog.runs.get(run.id).summary.as_json() == {"epochs": 3, "test_accuracy": 0.9}


def test_a_misspelt_run_is_answered_with_the_latest(catalog: Catalog) -> None:
    _run(catalog, "hands 1")
    with pytest.raises(NotFound, match="The latest are: “hands 1”"):
        catalog.runs.find("hands")


def test_what_others_are_called_is_said_without_reading_how_each_was_trained(
    catalog: Catalog,
) -> None:
    _run(catalog, "hands 1")
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sqlalchemy.event.listen(catalog.engine, "before_cursor_execute", hear)
    assert catalog.runs.named("hands 2") is None
    assert len([each for each in asked if "spec" in each]) == 1, "of the one that it may be"


@pytest.mark.parametrize("role", ["nobody", "guest"])
def test_a_guest_is_told_of_no_other_names(catalog: Catalog, role: Role) -> None:
    _run(catalog, "hands 1")
    catalog.datasets.add("hands", "folder", "/photos")
    with acting_as(Who(role)):
        for things in (catalog.runs, catalog.datasets):
            with pytest.raises(NotFound) as refused:
                things.find("handz")
            assert "hands" not in str(refused.value)
