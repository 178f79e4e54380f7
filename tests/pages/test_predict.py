"""Predict: images in, answers out, and a bad image stops no other."""

from __future__ import annotations

from pathlib import Path

from core.datasets import intake
from tests.core.evaluation.coloured import write_colour
from tests.pages.conftest import Open, Trained, assert_no_defect, click, title, words


def test_without_a_model_it_leads_to_training(open_page: Open) -> None:
    at = open_page("predict")
    assert "No model yet" in words(at)
    click(at, "Go to Train")
    assert "Nothing to train on yet" in words(at)


def test_models_are_offered_with_their_accuracy(open_page: Open, trained: Trained) -> None:
    at = open_page("predict")
    (choice,) = [each for each in at.selectbox if each.label == "Model"]
    accuracy = trained.catalog.runs.get(trained.run_id).summary["test_accuracy"]
    assert choice.options == [f"Colours scratch 1 · {accuracy * 100:.1f} %"]
    assert "Your images are not kept" in words(at)


def test_an_image_gets_an_answer_with_a_picture_of_how_sure_it_is(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    at = open_page("predict")
    at.file_uploader[0].set_value([("<new> *image*.png", data, "image/png")]).run()
    assert_no_defect(at)
    said = words(at)
    assert "1 image answered" in said
    assert "<new> *image*.png" in said
    assert any(f"### {colour}" in said for colour in ("blue", "green", "red"))
    assert [each.label for each in at.download_button] == ["Download as CSV"]


def test_a_broken_image_gets_a_sentence_and_the_others_get_answers(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    good = write_colour(tmp_path / "good.png", "red", 98).read_bytes()
    at = open_page("predict")
    files = [("good.png", good, "image/png"), ("empty.png", b"", "image/png"),
             ("text.jpg", b"no image", "image/jpeg")]  # fmt: skip
    at.file_uploader[0].set_value(files).run()
    assert_no_defect(at)
    assert "1 image answered, 2 could not be read" in words(at)
    assert any("empty" in box.value for box in at.error)
    (table,) = [each.value for each in at.dataframe]
    assert list(table["file"]) == ["good.png", "empty.png", "text.jpg"]
    assert list(table["prediction"])[1:] == ["", ""]


def test_a_few_test_images_can_be_tried_without_having_any(
    open_page: Open, trained: Trained
) -> None:
    at = open_page("predict")
    at.toggle(key=f"examples-{trained.run_id}").set_value(True).run()
    assert_no_defect(at)
    assert "3 images answered" in words(at)
    assert not at.error


def test_test_images_of_a_removed_dataset_are_refused_in_a_sentence(
    open_page: Open, trained: Trained
) -> None:
    intake.remove(trained.catalog, trained.dataset_id)
    at = open_page("predict")
    at.toggle(key=f"examples-{trained.run_id}").set_value(True).run()
    assert_no_defect(at)
    assert any("not here any more" in box.value for box in at.error)
    assert title(at) == "Predict"
