"""Results: figures with their doubt, on images that training never saw."""

from __future__ import annotations

import pytest

from core.datasets import intake
from core.evaluation.evaluate import load_evaluation, load_predictions
from core.training.start import create_run, suggest_spec
from tests.pages.conftest import Open, Trained, assert_no_defect, click, gallery, title, words


def interrupted(trained: Trained) -> str:
    spec = suggest_spec(trained.catalog, trained.dataset_id, "classic")
    run = create_run(trained.catalog, spec, "Second try")
    trained.catalog.jobs.finish(run.job_id, "interrupted", "The worker process was killed.")
    return run.id


def test_without_a_model_it_leads_to_training(open_page: Open) -> None:
    at = open_page("results")
    assert "No results yet" in words(at)
    click(at, "Go to Train")
    assert "Nothing to train on yet" in words(at)


def test_accuracy_comes_with_its_interval_and_the_number_of_images(
    open_page: Open, trained: Trained
) -> None:
    found = load_evaluation(trained.catalog.workspace, trained.run_id)
    said = words(open_page("results"))
    assert f"Right on {found.correct} of {found.images} images it had never seen" in said
    assert found.images == 6
    low, high = (f"{share * 100:.1f} %" for share in (found.interval.low, found.interval.high))
    assert f"likely between **{low}** and **{high}**" in said
    assert "Always answering “" in said


def test_the_tables_count_every_test_image_once(open_page: Open, trained: Trained) -> None:
    at = open_page("results")
    tables = [each.value for each in at.dataframe]
    confusion = next(each for each in tables if list(each.columns) == ["blue", "green", "red"])
    report = next(each for each in tables if "recall" in each.columns)
    assert int(confusion.to_numpy().sum()) == 6
    assert list(report["class"][:3]) == ["blue", "green", "red"]
    assert int(report["images"][:3].sum()) == 6


def test_right_and_wrong_answers_are_shown_with_what_each_picture_is(
    open_page: Open, trained: Trained
) -> None:
    answers = load_predictions(trained.catalog.workspace, trained.run_id)
    at = open_page("results")
    shown = []
    for which in ("Wrong", "Right"):
        at.segmented_control[1].select(which).run()
        assert_no_defect(at)
        expected = answers[answers["correct"] == (which == "Right")]
        if expected.empty:
            assert "None." in words(at)
            continue
        tiles = gallery(at, f"answers-gallery-{trained.run_id}").tiles
        assert {tile["id"] for tile in tiles} == set(expected["path"])
        assert {tile["tone"] for tile in tiles} == {"good" if which == "Right" else "bad"}
        shown += tiles
    assert len(shown) == 6


def test_the_confusion_is_shown_in_counts_and_in_per_cent(
    open_page: Open, trained: Trained
) -> None:
    at = open_page("results")
    assert "Per cent of each row" not in words(at)
    at.segmented_control[0].select("Per cent").run()
    assert_no_defect(at)
    assert "Per cent of each row" in words(at)


def test_how_it_was_trained_can_be_read(open_page: Open, trained: Trained) -> None:
    at = open_page("results")
    facts = next(each.value for each in at.dataframe if "setting" in each.value.columns)
    told = dict(facts.itertuples(index=False))
    assert told["Image size"] == "16 × 16 pixels"
    assert told["Augmentation"] == "not varied"
    assert told["Epochs"].startswith("2 ")


def test_a_link_to_an_interrupted_run_says_so_before_another_model_takes_its_place(
    open_page: Open, trained: Trained
) -> None:
    run_id = interrupted(trained)
    at = open_page("results", run=run_id)
    said = words(at)
    assert "“Second try” has no results: its training was interrupted." in said
    assert "The worker process was killed." in said
    assert next(each for each in at.selectbox if each.label == "Model").value == trained.run_id


def test_only_finished_runs_are_offered(open_page: Open, trained: Trained) -> None:
    interrupted(trained)
    at = open_page("results")
    (choice,) = [each for each in at.selectbox if each.label == "Model"]
    assert len(choice.options) == 1
    assert choice.options[0].startswith("Colours scratch 1")


@pytest.mark.parametrize("page", ["home", "train", "results", "predict"])
def test_a_model_outlives_its_dataset(page: str, open_page: Open, trained: Trained) -> None:
    intake.remove(trained.catalog, trained.dataset_id)
    at = open_page(page, run=trained.run_id)
    assert not at.error


def test_results_without_their_dataset_say_that_its_pictures_are_gone(
    open_page: Open, trained: Trained
) -> None:
    intake.remove(trained.catalog, trained.dataset_id)
    said = words(open_page("results"))
    assert "The dataset of this model was removed" in said
    assert "images it had never seen" in said


def test_it_leads_to_trying_the_model(open_page: Open, trained: Trained) -> None:
    assert title(click(open_page("results"), "Try it on new images")) == "Predict"
