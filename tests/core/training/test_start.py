"""A run is queued only if it can work."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord, JobState
from core.errors import Conflict, InvalidInput, NotFound
from core.quality.curation import decide
from core.training.spec import parse_spec
from core.training.start import create_run, suggest_spec
from core.workspace import write_json
from tests.core.training.small import add_colours, spec_of


@pytest.fixture
def dataset(catalog: Catalog, tmp_path: Path) -> DatasetRecord:
    return add_colours(catalog, tmp_path / "colours")


def claimed(catalog: Catalog) -> str | None:
    job = catalog.jobs.claim("train", pid=1, host="h")
    return job.spec["run_id"] if job else None


def test_the_suggestion_can_be_started_as_it_is(catalog: Catalog, dataset: DatasetRecord) -> None:
    spec = suggest_spec(catalog, dataset.id)
    assert (spec.dataset_id, spec.dataset_version) == (dataset.id, dataset.version)
    assert create_run(catalog, spec).state == "queued"


def test_a_run_keeps_its_spec_and_is_what_a_worker_gets_next(
    catalog: Catalog, dataset: DatasetRecord
) -> None:
    spec = spec_of(dataset, seed=7)
    run = create_run(catalog, spec, "mine")
    assert (run.name, parse_spec(run.spec)) == ("mine", spec)
    assert claimed(catalog) == run.id


def test_runs_without_a_name_get_different_ones(catalog: Catalog, dataset: DatasetRecord) -> None:
    names = {create_run(catalog, spec_of(dataset)).name for _ in range(3)}
    assert len(names) == 3
    assert all("colours" in name and "scratch" in name for name in names)


def test_a_name_that_is_taken_is_refused_and_nothing_more_is_queued(
    catalog: Catalog, dataset: DatasetRecord
) -> None:
    first = create_run(catalog, spec_of(dataset), "mine")
    with pytest.raises(Conflict, match="mine"):
        create_run(catalog, spec_of(dataset), "mine")
    assert [claimed(catalog), claimed(catalog)] == [first.id, None]
    assert not catalog.jobs.all(states=("held",))


@pytest.mark.parametrize("ended", ["failed", "interrupted"])
def test_a_run_of_which_there_is_nothing_gives_up_its_name(
    catalog: Catalog, dataset: DatasetRecord, ended: JobState
) -> None:
    first = create_run(catalog, spec_of(dataset), "mine")
    catalog.jobs.finish(first.job_id, ended)
    again = create_run(catalog, spec_of(dataset), "mine")
    assert catalog.runs.find("mine").id == again.id
    assert catalog.runs.get(first.id).name == f"mine {ended} 1"
    catalog.jobs.finish(again.job_id, ended)
    write_json(catalog.workspace.run(again.id) / "checkpoint/search.json", {"lines": ["one way"]})
    with pytest.raises(Conflict, match="mine"):
        create_run(catalog, spec_of(dataset), "mine")


def test_what_can_not_work_is_refused_before_it_is_queued(
    catalog: Catalog, dataset: DatasetRecord
) -> None:
    with pytest.raises(InvalidInput, match="MobileNetV2 needs at least"):
        create_run(catalog, spec_of(dataset, recipe="quick"))
    with pytest.raises(InvalidInput, match="no recipe"):
        create_run(catalog, spec_of(dataset).model_copy(update={"recipe": "deep"}))
    with pytest.raises(InvalidInput, match="no run named “before”"):
        create_run(catalog, spec_of(dataset, weights="run:before"))
    assert claimed(catalog) is None
    assert catalog.runs.all() == []


def test_a_folder_whose_training_images_are_of_one_class_is_refused(
    catalog: Catalog, tmp_path: Path
) -> None:
    folders = {"train/red": "red", "test/red": "red", "test/blue": "blue"}
    dataset = add_colours(catalog, tmp_path / "split", folders)
    with pytest.raises(InvalidInput, match="“red”"):
        create_run(catalog, spec_of(dataset))


def test_a_class_that_people_excluded_does_not_count(
    catalog: Catalog, dataset: DatasetRecord
) -> None:
    for colour in ("red", "green"):
        decide(catalog, dataset.id, "exclude", [f"{colour}/{n:02d}.png" for n in range(12)])
    now = catalog.datasets.get(dataset.id)
    with pytest.raises(InvalidInput, match="“blue”"):
        create_run(catalog, spec_of(now))
    assert create_run(catalog, spec_of(dataset)), "the version before the exclusion still can"


def test_an_unknown_dataset_is_said_so(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        suggest_spec(catalog, "nothing")
