"""Results: figures with their doubt, on images that training never saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake, removal
from core.evaluation.aim import Aim, load_aim
from core.evaluation.metrics import evaluate
from core.evaluation.predictions import predictions_table
from core.training.start import create_run, suggest_spec
from core.workspace import write_json
from tests.core.evaluation.coloured import CLASSES
from tests.pages.conftest import (
    Open,
    Trained,
    assert_no_defect,
    click,
    gallery,
    show,
    title,
    words,
)


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


def test_a_training_that_goes_on_is_said_and_its_results_follow(
    open_page: Open, trained: Trained
) -> None:
    store = trained.catalog
    run = create_run(store, suggest_spec(store, trained.dataset_id, "classic"), "Second try")
    at = open_page("results", dataset=trained.dataset_id)
    assert "**“Second try” is being trained.** Its results appear under Model." in words(at)
    assert title(at) == "Results"
    at = open_page("results", run=run.id)
    assert "**“Second try” is being trained.** Its results appear here." in words(at)
    # Where there are no others, it alone is said.
    store.runs.delete(trained.run_id)
    at = open_page("results", dataset=trained.dataset_id)
    assert "**“Second try” is being trained.** Its results appear here." in words(at)
    assert "No results yet" not in words(at)
    store.runs.restore(trained.run_id)
    store.jobs.finish(run.job_id, "failed", "There was no room.")
    at.run()
    assert_no_defect(at)
    assert "is being trained" not in words(at)


def choice(at: AppTest, label: str) -> AppTest:
    """The box, or the row of buttons, with this label."""
    kinds = (at.selectbox, at.segmented_control, at.multiselect)
    (found,) = [each for kind in kinds for each in kind if each.label == label]
    return found


def answer(trained: Trained, said: dict[str, list[str]]) -> None:
    """Let the model have answered like this: true class to answers, as many as it has images."""
    folder = trained.catalog.workspace.run(trained.run_id)
    table = predictions_table(trained.catalog.workspace, trained.run_id)
    table = table.sort_values(["label", "path"]).reset_index(drop=True)
    table["predicted"] = [each for label in CLASSES for each in said[label]]
    table["correct"] = table["predicted"] == table["label"]
    table["confidence"] = 0.8
    for n, label in enumerate(CLASSES):
        table[f"p_{n}"] = np.where(table["predicted"] == label, 0.8, 0.1)
    number = {label: n for n, label in enumerate(CLASSES)}
    evaluation = evaluate(
        trained.run_id,
        "test",
        CLASSES,
        table["label"].map(number).to_numpy(),
        table["predicted"].map(number).to_numpy(),
    )
    table.to_parquet(folder / "predictions.parquet")
    write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
    (folder / "scores.json").unlink()


TWO_REDS_BLUE = {"blue": ["blue"] * 2, "green": ["green"] * 2, "red": ["blue"] * 2}


def test_the_verdict_comes_first_with_its_interval_and_the_number_of_images(
    open_page: Open, trained: Trained
) -> None:
    answer(trained, TWO_REDS_BLUE)
    said = words(open_page("results")).replace("\u00a0", " ")
    assert "Right on 4 of 6 images it had never seen: 67 %, likely between 30 % and 90 %." in said
    assert "Weakest: “red”, right on 0 of 2 images (0 %, likely between 0 % and 66 %), all" in said
    assert "Always answering “blue” would be right on 33 %" in said
    assert "All 3 classes have fewer than 10 test images" in said
    assert "no copy of one, was trained on" in said


def test_what_it_is_for_is_kept_as_it_was_typed_or_not_at_all(
    open_page: Open, trained: Trained
) -> None:
    at = open_page("results")

    def said() -> Aim | None:
        return load_aim(trained.catalog.workspace, trained.dataset_id)

    for nonsense in ("101", "many"):
        next(each for each in at.text_input if each.label == "Of 100 photos").input(nonsense)
        click(at, "Hold it against that")
        assert said() is None
        assert f"“{nonsense} of 100” can't be what a test shows." in words(at)
    next(each for each in at.text_input if each.label == "Of 100 photos").input("20")
    next(each for each in at.selectbox if each.label == "of").select("All photos together")
    click(at, "Hold it against that")
    assert said() == Aim(of_100=20, together=True)
    assert "You want 20 of 100 photos recognised, all classes together;" in words(at)
    click(at, "Forget it")
    assert said() is None


def test_figures_come_with_intervals_and_meanings(open_page: Open, trained: Trained) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "All figures")
    shown = {each.label: each for each in at.metric}
    assert shown["Accuracy"].value == "66.7 %"
    assert shown["Accuracy"].delta == "30.0 % to 90.3 %"
    assert "called right" in shown["Accuracy"].help
    everything = next(each.value for each in at.markdown if "What it means" in each.value)
    for figure in ("Cohen's kappa", "Brier score", "Matthews correlation", "Weighted F1"):
        assert figure in everything


def test_older_runs_get_their_figures_once(open_page: Open, trained: Trained) -> None:
    folder = trained.catalog.workspace.run(trained.run_id)
    (folder / "scores.json").unlink()
    open_page("results")
    assert (folder / "scores.json").exists()


def test_from_the_verdict_one_is_led_on(open_page: Open, trained: Trained) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = click(open_page("results"), "“red” taken for “blue”")
    assert gallery(at, "answers-gallery").ids == list(
        predictions_table(trained.catalog.workspace, trained.run_id).query("not correct")["path"]
    )
    at = click(show(at, "Verdict"), "What it mixes up")
    assert "Which class is taken for which" in words(at)


def test_the_worst_cell_of_the_confusion_shows_its_images_and_so_does_any_other(
    open_page: Open, trained: Trained
) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "What it mixes up")
    assert (choice(at, "True class").value, choice(at, "Predicted as").value) == ("red", "blue")
    assert "2 of 2 images of “red” taken for “blue”" in words(at)
    red = gallery(at, f"confusion-cell-2-0-{trained.run_id}").tiles
    assert {tile["tone"] for tile in red} == {"bad"}
    choice(at, "True class").select("green").run()
    assert_no_defect(at)
    assert "No image of “green” was taken for “blue”." in words(at)
    choice(at, "Predicted as").select("green").run()
    assert "2 of 2 images of “green” called right" in words(at)


def test_the_pairs_that_are_mixed_up_have_examples_and_lead_to_the_mistakes(
    open_page: Open, trained: Trained
) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "What it mixes up")
    assert "“red” taken for “blue”**: 2 of 2 images" in words(at)
    assert len(gallery(at, "confusion-pair-0").tiles) == 2
    at = click(at, "Look at them closely")
    assert len(gallery(at, "answers-gallery").tiles) == 2


def test_the_tables_behind_the_confusion_count_every_test_image_once(
    open_page: Open, trained: Trained
) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "What it mixes up")
    matrix, pairs = (each.value for each in at.dataframe)
    assert list(matrix.columns) == CLASSES
    assert int(matrix.to_numpy().sum()) == 6
    assert pairs[["true", "predicted", "images", "of"]].to_numpy().tolist() == [
        ["red", "blue", 2, 2]
    ]
    choice(at, "Show").select("Per cent").run()
    assert "Per cent of each row" in words(at)
    choice(at, "Order of classes").select("Similar side by side").run()
    assert_no_defect(at)


def test_perfect_answers_have_no_pairs(open_page: Open, trained: Trained) -> None:
    answer(trained, {label: [label] * 2 for label in CLASSES})
    at = open_page("results")
    assert "No class is weak" in words(at)
    assert "All mistakes" not in [button.label for button in at.button]
    assert "Most often mixed up" not in words(show(at, "What it mixes up"))


def test_the_report_has_a_row_a_class_and_can_be_taken_away(
    open_page: Open, trained: Trained
) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "Class by class")
    report = at.dataframe[0].value
    assert list(report["class"]) == CLASSES
    assert list(report["images"]) == [2, 2, 2]
    assert list(report["recall"]) == [100.0, 100.0, 0.0]
    # Wilson's interval of 0 of 2.
    assert (report["from"][2], round(report["to"][2], 1)) == (0, 65.8)
    assert [each.label for each in at.get("download_button")] == [
        "Download as CSV",
        "Download as Markdown",
        "Download as LaTeX",
    ]


def test_curves_begin_with_the_worst_classes(open_page: Open, trained: Trained) -> None:
    answer(trained, TWO_REDS_BLUE)
    at = show(open_page("results"), "Class by class")
    classes = choice(at, "Classes")
    assert classes.value[0] == "red"
    assert len(at.get("plotly_chart")) == 2
    classes.set_value([]).run()
    assert_no_defect(at)
    assert not at.get("plotly_chart")
    assert "Choose a class" in words(at)


def test_how_it_was_trained_can_be_read(open_page: Open, trained: Trained) -> None:
    at = show(open_page("results"), "Training")
    came, settings = (dict(each.value.itertuples(index=False)) for each in at.table)
    assert settings["Image size"] == "16 × 16 pixels"
    assert settings["Augmentation"] == "not varied"
    assert came["Epochs"].startswith("2, the best was")


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
    removal.remove(trained.catalog, trained.dataset_id)
    at = open_page(page, run=trained.run_id)
    assert not at.error


def test_results_without_their_dataset_say_that_its_pictures_are_gone(
    open_page: Open, trained: Trained
) -> None:
    removal.remove(trained.catalog, trained.dataset_id)
    said = words(open_page("results"))
    assert "The dataset of this model was removed" in said
    assert "images it had never seen" in said


def test_it_leads_to_trying_the_model(open_page: Open, trained: Trained) -> None:
    assert title(click(open_page("results"), "Try it on new images")) == "Predict"


def test_a_run_that_is_opened_by_a_link_takes_its_dataset_along(
    open_page: Open,
    trained: Trained,
    bring_in: Callable[..., DatasetRecord],
    class_folders: Callable[..., Path],
) -> None:
    newer = bring_in(class_folders({"cat": 2, "dog": 2}), "Newer")
    assert open_page("data").session_state["dataset"] == newer.id
    for page in ("results", "data", "train"):
        at = open_page(page, run=trained.run_id)
        assert at.session_state["dataset"] == trained.dataset_id
    # Another dataset lets the run go: its results are not shown as if they were of this one.
    at = open_page("results", dataset=newer.id)
    assert "No results yet" in words(at)


def test_a_run_that_there_is_none_of_is_said_to_be_unknown(
    open_page: Open, trained: Trained
) -> None:
    for page in ("results", "predict"):
        at = open_page(page, run="nothing-like-it")
        assert "There is no model “nothing-like-it” here" in words(at)
        assert title(click(at, "All models")) == "Models"


def test_a_failed_import_is_no_dataset(
    open_page: Open, trained: Trained, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "flat").mkdir()
    record = intake.add_folder(catalog, tmp_path / "flat", restrict=True)
    catalog.datasets.set(record.id, state="failed", problem="There is nothing in it.")
    at = open_page("data")
    assert at.session_state["dataset"] == trained.dataset_id
    (choice,) = [each for each in at.selectbox if each.label == "Dataset"]
    assert "flat" not in choice.options
    assert "“flat” is not imported. There is nothing in it." in words(at)


def test_what_a_model_is_for_is_said_in_three_actions_and_answered_wherever_results_are(
    open_page: Open, trained: Trained
) -> None:
    at = open_page("results")
    assert "Good enough?" not in words(at)
    (of_100,) = [each for each in at.text_input if each.label == "Of 100 photos"]
    of_100.set_value("99")
    click(at, "Hold it against that")
    assert "You want 99 of 100 photos of each class recognised; of “" in words(at)
    assert "Good enough? " in words(show(at, "Can I trust it"))
    assert "Good enough? " in words(open_page("home"))
    click(open_page("results"), "Forget it")
    assert "Good enough?" not in words(open_page("results"))
