"""Batch on the page: a folder is begun, watched, gone on with, looked at, and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog
from core.inference.batch import answer_batch
from core.inference.batch_store import Batch, batches, new_batch
from core.jobs.execute import execute
from core.jobs.kinds import submit_batch
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.inference.shaped import unlike, weighing_run
from tests.pages.conftest import Open, assert_no_defect, click, gallery, words


@pytest.fixture
def run_id(catalog: Catalog, tmp_path: Path) -> str:
    """A finished run whose model sees colours, trained by nobody."""
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    catalog.jobs.finish(run.job_id, "done")
    return run.id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "holiday"
    for number in range(3):
        write_colour(root / f"{number}.png", "red", number)
        write_colour(root / "deep" / f"{number}.png", "blue", 10 + number)
    (root / "broken <b>.png").write_bytes(b"no image")
    return root


def section(open_page: Open) -> AppTest:
    at = open_page("predict")
    at.button_group(key="do").set_value("batch").run()
    assert_no_defect(at)
    return at


def done(catalog: Catalog, run_id: str, folder: Path) -> Batch:
    batch = new_batch(catalog, run_id, folder)
    submit_batch(catalog, batch)
    claimed = catalog.jobs.claim("light", pid=1, host="here")
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    return batch


def test_a_folder_is_begun_in_the_background(
    open_page: Open, catalog: Catalog, run_id: str, folder: Path
) -> None:
    at = section(open_page)
    assert "as many as you like" in words(at)
    (field,) = [each for each in at.text_input if each.label == "Folder"]
    field.set_value(str(folder)).run()
    click(at, "Answer this folder")
    assert "Answering holiday" in words(at).replace("**", "")
    (batch,) = batches(catalog.workspace, run_id)
    (job,) = [each for each in catalog.jobs.all(subject=run_id) if each.kind == "batch"]
    assert (job.state, job.spec["batch_id"]) == ("queued", batch.id)


def test_a_folder_outside_the_roots_is_refused(
    open_page: Open, catalog: Catalog, run_id: str
) -> None:
    at = section(open_page)
    (field,) = [each for each in at.text_input if each.label == "Folder"]
    field.set_value("/etc").run()
    click(at, "Answer this folder")
    assert any("may not read" in box.value for box in at.error)
    assert batches(catalog.workspace, run_id) == []


def test_what_came_of_it_is_counted_shown_and_offered(
    open_page: Open, catalog: Catalog, run_id: str, folder: Path
) -> None:
    done(catalog, run_id, folder)
    at = section(open_page)
    said = words(at)
    assert "7 images" in said
    assert {(each.label, each.value) for each in at.metric} == {
        ("Sure", "6"),
        ("Unsure", "0"),
        ("Can’t be read", "1"),
    }
    assert len(gallery(at, "batch-pictures").tiles) == 6
    (show,) = [each for each in at.selectbox if each.label == "Show"]
    show.select("unreadable").run()
    assert_no_defect(at)
    assert any("broken <b>.png" in str(each.value.to_dict()) for each in at.dataframe)
    # With a higher bar, the same answers are unsure.
    at.select_slider[0].set_value(0.9999).run()
    assert_no_defect(at)
    assert {(each.label, each.value) for each in at.metric} >= {("Sure", "0"), ("Unsure", "6")}


def test_what_is_unlike_its_training_images_is_told_and_shown(
    open_page: Open, catalog: Catalog, folder: Path, tmp_path: Path
) -> None:
    run = weighing_run(catalog, tmp_path / "weighing")
    catalog.jobs.finish(run.job_id, "done")
    unlike(folder / "strange.png")
    done(catalog, run.id, folder)
    at = section(open_page)
    assert "1 image doesn’t look like what the model was trained on" in words(at)
    (show,) = [each for each in at.selectbox if each.label == "Show"]
    assert "Unlike its training images (1)" in show.options
    show.select("unfamiliar").run()
    assert_no_defect(at)
    assert [tile["id"] for tile in gallery(at, "batch-pictures").tiles] == ["strange.png"]


def test_what_was_cut_off_goes_on_and_can_be_deleted(
    open_page: Open, catalog: Catalog, run_id: str, folder: Path
) -> None:
    batch = new_batch(catalog, run_id, folder)
    job = submit_batch(catalog, batch)
    catalog.jobs.finish(job.id, "interrupted", "The app was closed.")
    at = section(open_page)
    assert any("what was answered is kept" in box.value for box in at.warning)
    click(at, "Go on")
    assert catalog.jobs.get(job.id).state == "queued"
    answer_batch(catalog, run_id, batch.id)
    at = section(open_page)
    click(at, "Yes, delete it")
    assert batches(catalog.workspace, run_id) == []
    assert folder.is_dir()
