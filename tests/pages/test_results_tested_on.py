"""New images as a fresh test of a model: chosen, tested in the background, shown, deleted."""

from __future__ import annotations

import os
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.evaluation.evaluate import evaluate_folder
from core.evaluation.predictions import evaluated_on
from core.jobs.execute import execute
from tests.core.evaluation.coloured import write_colour
from tests.pages.conftest import Open, Trained, assert_no_defect, click, words


def new_images(root: Path) -> Path:
    for number in range(3):
        write_colour(root / "Red" / f"{number}.png", "red", seed=200 + number)
    write_colour(root / "violet/1.png", "red", seed=300)
    (root / "Red" / "broken.png").write_bytes(b"no image at all")
    return root


def on_folder(at: AppTest, folder: Path) -> AppTest:
    next(each for each in at.text_input if each.label == "Folder").set_value(str(folder)).run()
    return click(at, "Test on this folder")


def test_a_folder_is_tested_in_a_job_and_then_shown(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    catalog = trained.catalog
    at = click(open_page("results"), "New test")
    on_folder(at, new_images(tmp_path / "holiday"))
    assert "Testing “Colours scratch 1” on" in words(at)
    (job,) = [job for job in catalog.jobs.all() if job.kind == "evaluate"]
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    at.run()
    assert_no_defect(at)
    said = words(at)
    assert "1 image of a class it doesn’t know was left out: “violet”" in said
    assert "“Red” as “red”" in said
    assert "no images of “blue”, “green”" in said
    assert "of 3 " in said, "what the verdict is about"
    (left_out,) = [each.value for each in at.dataframe if "why" in each.value.columns]
    assert set(left_out["file"]) == {"violet/1.png", "Red/broken.png"}


def test_a_folder_outside_the_allowed_ones_is_refused(open_page: Open, trained: Trained) -> None:
    at = click(open_page("results"), "New test")
    next(each for each in at.text_input if each.label == "Folder").set_value("/etc").run()
    assert any("may not read this folder" in box.value for box in at.error)
    assert not [job for job in trained.catalog.jobs.all() if job.kind == "evaluate"]


def test_why_a_test_failed_is_said(open_page: Open, trained: Trained, tmp_path: Path) -> None:
    catalog = trained.catalog
    write_colour(tmp_path / "other/violet/1.png", "red")
    at = on_folder(click(open_page("results"), "New test"), tmp_path / "other")
    (job,) = [job for job in catalog.jobs.all() if job.kind == "evaluate"]
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "failed"
    at.run()
    assert any(
        "None of the classes in this folder" in box.value.replace("\\", "") for box in at.error
    )
    assert not [each for each in at.selectbox if each.label == "Tested on"], "its own test only"


def test_a_test_is_deleted_and_the_own_test_set_shown_again(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    workspace = trained.catalog.workspace
    on = evaluate_folder(trained.catalog, trained.run_id, new_images(tmp_path / "holiday")).on
    at = open_page("results")
    at.selectbox(key=f"tested-on-{trained.run_id}").select(on).run()
    assert "Folder " in words(at)
    click(at, "Yes, delete it")
    assert evaluated_on(workspace, trained.run_id) == ["test"]
    assert not [each for each in at.selectbox if each.label == "Tested on"], "its own test only"
    assert (tmp_path / "holiday/Red/0.png").exists()
