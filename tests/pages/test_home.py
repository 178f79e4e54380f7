"""Home: one click to a first model, and always a next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalog import Catalog, DatasetRecord
from core.training.start import create_run, suggest_spec
from tests.pages.conftest import Open, Trained, assert_no_defect, click, title, words

BringIn = Callable[..., DatasetRecord]


def test_an_empty_app_says_what_to_do_first(open_page: Open) -> None:
    at = open_page()
    said = words(at)
    assert "one folder a class" in said
    assert "The sample is one click away" in said
    assert "Train one on a dataset" in said
    assert {"Train on the sample", "Add your own images"} <= {each.label for each in at.button}


def test_the_sample_button_queues_an_import_that_goes_on_to_train(
    open_page: Open, catalog: Catalog
) -> None:
    at = click(open_page(), "Train on the sample")
    (record,) = catalog.datasets.all()
    (job,) = catalog.jobs.all()
    assert record.origin == "sample"
    assert (job.kind, job.state, job.subject) == ("import", "queued", record.id)
    assert job.spec["then_train"] is True
    assert title(at) == "Train"
    assert "being imported; training can start right after" in words(at)


def test_the_sample_is_queued_once_however_often_it_is_asked_for(
    open_page: Open, catalog: Catalog
) -> None:
    click(open_page(), "Train on the sample")
    click(open_page(), "Train on the sample")
    assert len(catalog.datasets.all()) == 1
    assert len(catalog.jobs.all()) == 1


def test_adding_own_images_leads_to_the_ways_in(open_page: Open) -> None:
    at = click(open_page(), "Add your own images")
    assert title(at) == "Data"
    assert "Folder on this computer" in " ".join(at.segmented_control[0].options)


def test_a_clean_dataset_leads_to_training(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    at = open_page()
    assert "“Pets” is ready to train on." in words(at)
    assert "10 images · 2 classes" in words(at)
    assert title(click(at, "Train a model")) == "Train"


def test_a_dataset_with_faults_leads_to_cleaning(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 5, "dog": 5})
    (folder / "cat" / "cut off.jpg").write_bytes(b"")
    bring_in(folder, "Pets")
    at = open_page()
    assert "1 image in “Pets” deserves a look." in words(at)
    assert title(click(at, "Look at them")) == "Clean"


def test_a_running_training_is_one_click_away(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    at = open_page()
    assert "A model is being trained on “Pets”." in words(at)
    assert title(click(at, "Watch the training")) == "Training"


def test_a_finished_model_is_listed_with_its_accuracy_and_opens_its_results(
    open_page: Open, trained: Trained
) -> None:
    at = open_page()
    said = words(at)
    assert "“Colours scratch 1” is trained and tested." in said
    assert "right on 6 images it had never seen" in said
    at.button(key=f"open-{trained.run_id}").click().run()
    assert_no_defect(at)
    assert title(at) == "Results"


def test_an_interrupted_run_is_listed_as_such_and_opens_on_the_page_that_says_why(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    run = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    catalog.jobs.finish(run.job_id, "interrupted", "The computer was switched off.")
    at = open_page()
    assert "interrupted" in words(at)
    at.button(key=f"open-{run.id}").click().run()
    assert_no_defect(at)
    assert title(at) == "Train"
    assert "This training was interrupted. The computer was switched off." in words(at)
