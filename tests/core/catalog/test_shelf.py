"""Runs are named, starred, tagged, noted, archived and deleted; and come back."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, RunRecord
from core.errors import Conflict, InvalidInput, NotFound
from core.who import Who, acting_as

pytestmark = pytest.mark.usefixtures("either_database")


def a_run(catalog: Catalog, name: str = "hands 1", state: str = "done") -> RunRecord:
    job = catalog.jobs.add("train", {}, lane="train")
    if state != "queued":
        catalog.jobs.finish(job.id, state)  # type: ignore[arg-type]
    return catalog.runs.add(
        name, dataset_id="d", dataset_version=1, spec={"recipe": "quick"}, job_id=job.id
    )


def names(runs: list[RunRecord]) -> list[str]:
    return [run.name for run in runs]


def test_a_new_run_has_nothing_on_it(catalog: Catalog) -> None:
    run = a_run(catalog)
    assert (run.starred, run.archived, run.tags, run.notes) == (False, False, (), "")
    assert run.deleted_at is None


def test_a_run_is_called_otherwise_even_while_it_is_trained(catalog: Catalog) -> None:
    run = a_run(catalog, state="queued")
    assert catalog.runs.rename(run.id, "  night   run ").name == "night run"
    assert catalog.runs.find("night run").id == run.id


def test_two_runs_cannot_have_one_name(catalog: Catalog) -> None:
    a_run(catalog, "first")
    second = a_run(catalog, "second")
    with pytest.raises(Conflict, match="already a run named “first”"):
        catalog.runs.rename(second.id, "first")
    assert catalog.runs.get(second.id).name == "second"


def test_tags_are_tidied_and_each_is_there_once(catalog: Catalog) -> None:
    run = a_run(catalog)
    found = catalog.runs.set_tags(run.id, ["night", " Day ", "NIGHT", "", "a,b"])
    assert found.tags == ("a b", "Day", "night")
    assert catalog.runs.tags() == ["a b", "Day", "night"]
    with pytest.raises(InvalidInput, match="too long"):
        catalog.runs.set_tags(run.id, ["x" * 41])
    with pytest.raises(InvalidInput, match="21 tags"):
        catalog.runs.set_tags(run.id, [f"t{n}" for n in range(21)])


def test_stars_and_notes_stay(catalog: Catalog) -> None:
    run = a_run(catalog)
    catalog.runs.star(run.id)
    assert catalog.runs.note(run.id, " for the fair \n").notes == "for the fair"
    assert catalog.runs.get(run.id).starred
    assert not catalog.runs.star(run.id, False).starred
    with pytest.raises(InvalidInput, match="characters long"):
        catalog.runs.note(run.id, "x" * 20_001)


def test_an_archived_run_is_not_offered_but_can_be_opened(catalog: Catalog) -> None:
    run = a_run(catalog)
    assert catalog.runs.archive(run.id).archived
    assert catalog.runs.all() == []
    assert names(catalog.runs.all(archived=True)) == ["hands 1"]
    assert catalog.runs.find("hands 1").id == run.id
    catalog.runs.archive(run.id, False)
    assert names(catalog.runs.all()) == ["hands 1"]


def test_a_deleted_run_lies_in_the_bin_until_it_is_restored(catalog: Catalog) -> None:
    run = a_run(catalog)
    catalog.runs.set_tags(run.id, ["night"])
    catalog.runs.archive(run.id)
    assert catalog.runs.delete(run.id).deleted_at is not None
    assert catalog.runs.all(archived=True) == []
    assert names(catalog.runs.all(deleted=True)) == ["hands 1"]
    assert catalog.runs.tags() == []
    with pytest.raises(NotFound, match="in the bin"):
        catalog.runs.find("hands 1")
    back = catalog.runs.restore(run.id)
    assert (back.tags, back.archived, back.deleted_at) == (("night",), True, None)
    assert catalog.runs.find("hands 1").id == run.id


def test_the_name_of_a_run_in_the_bin_is_still_taken_and_it_is_said_where(
    catalog: Catalog,
) -> None:
    catalog.runs.delete(a_run(catalog, "hands 1").id)
    with pytest.raises(Conflict, match="in the bin"):
        a_run(catalog, "hands 1")
    assert catalog.runs.free_name("hands") == "hands 2"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_is_being_trained_can_be_neither_deleted_nor_archived(
    catalog: Catalog, state: str
) -> None:
    run = a_run(catalog, state="queued")
    if state == "running":
        catalog.jobs.claim("train", pid=1, host="h")
    with pytest.raises(Conflict, match="can't be deleted"):
        catalog.runs.delete(run.id)
    with pytest.raises(Conflict, match="can't be archived"):
        catalog.runs.archive(run.id)


def test_only_a_run_in_the_bin_can_be_forgotten(catalog: Catalog) -> None:
    run = a_run(catalog)
    catalog.jobs.append_event(run.job_id, "note", {"text": "x"})
    assert not catalog.runs.forget(run.id)
    catalog.runs.delete(run.id)
    assert catalog.runs.forget(run.id)
    assert not catalog.runs.forget(run.id)
    with pytest.raises(NotFound):
        catalog.runs.get(run.id)
    with pytest.raises(NotFound):
        catalog.jobs.get(run.job_id)
    assert catalog.jobs.events(run.job_id) == []


def test_the_log_says_who_renamed_deleted_and_removed_a_model(catalog: Catalog) -> None:
    run = a_run(catalog, "first")
    with acting_as(Who("trainer", "Anna")):
        catalog.runs.rename(run.id, "second")
        catalog.runs.delete(run.id)
        catalog.runs.restore(run.id)
        catalog.runs.delete(run.id)
        catalog.runs.forget(run.id)
    assert [(each.who, each.what, each.subject) for each in catalog.audit.entries()] == [
        ("Anna", "removed a model for good", "second"),
        ("Anna", "put a model into the bin", "second"),
        ("Anna", "took a model out of the bin", "second"),
        ("Anna", "put a model into the bin", "second"),
        ("Anna", "renamed a model", "first"),
    ]
