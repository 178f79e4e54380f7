"""Compare: which model is better, on which images, and what each costs."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.evaluation.evaluate import evaluate_folder
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.twins import second_run
from tests.pages.conftest import Open, Trained, assert_no_defect, click, gallery, show, words


def compare(open_page: Open, run_id: str) -> AppTest:
    return show(open_page("results", run=run_id), "Compare")


def test_a_single_model_has_nothing_beside_it(open_page: Open, trained: Trained) -> None:
    at = compare(open_page, trained.run_id)
    assert "no other model yet" in words(at)
    assert "Without images like those it was trained on" in words(show(at, "Copies"))


def test_two_models_are_compared_in_words_with_the_images_that_changed(
    open_page: Open, trained: Trained
) -> None:
    catalog = trained.catalog
    run = catalog.runs.get(trained.run_id)
    good = second_run(catalog, run, "Good", classes=["blue", "green", "red"])
    bad = second_run(catalog, run, "Bad", classes=["green", "blue", "red"])
    at = compare(open_page, bad.id)
    at.multiselect[0].set_value([good.id]).run()
    assert_no_defect(at)
    said = words(at)
    assert (
        "“Good” is right on 4 more images of 6 than “Bad”; that is within chance (p = 0.12)" in said
    )
    assert "Newcombe’s method 10" in said
    tiles = gallery(at, f"flips-{bad.id}-{good.id}-second").tiles
    assert {tile["caption"] for tile in tiles} == {"is blue", "is green"}
    assert {tile["badge"] for tile in tiles} == {"green → blue", "blue → green"}
    assert all(str(tile["src"]).startswith("data:image") for tile in tiles)
    assert "None: they were trained with the same settings" in said


def test_the_speed_is_measured_when_somebody_asks(open_page: Open, trained: Trained) -> None:
    catalog = trained.catalog
    second = second_run(catalog, catalog.runs.get(trained.run_id), "Second")
    at = compare(open_page, second.id)
    assert not [job for job in catalog.jobs.all() if job.kind == "latency"]
    click(at, "Measure the speed")
    (job,) = [job for job in catalog.jobs.all() if job.kind == "latency"]
    assert set(job.spec["run_ids"]) == {second.id, trained.run_id}


def test_a_model_that_was_not_tested_on_a_folder_can_be_tested_on_it_too(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    catalog = trained.catalog
    second = second_run(catalog, catalog.runs.get(trained.run_id), "Second")
    write_colour(tmp_path / "new/red/1.png", "red", seed=77)
    on = evaluate_folder(catalog, second.id, tmp_path / "new").on
    at = compare(open_page, second.id)
    at.selectbox(key=f"tested-on-{second.id}").select(on).run()
    assert_no_defect(at)
    assert "“Colours scratch 1” was not tested on these images" in words(at)
    click(at, "Test it on them")
    (job,) = [job for job in catalog.jobs.all() if job.kind == "evaluate"]
    assert (job.subject, job.spec["folder"]) == (trained.run_id, str(tmp_path / "new"))
