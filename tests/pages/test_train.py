"""Train: what can't work is refused in a sentence, what can is started as it was set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalog import Catalog, DatasetRecord
from core.training.start import create_run, suggest_spec
from tests.pages.choosing import choose, expert, press_start, put, start_offered
from tests.pages.conftest import Open, Trained, assert_no_defect, click, title, words

BringIn = Callable[..., DatasetRecord]


def test_without_images_it_leads_to_where_they_come_in(open_page: Open) -> None:
    at = open_page("train")
    assert "Nothing to train on yet" in words(at)
    assert title(click(at, "Go to Data")) == "Data"


def test_a_single_class_is_refused_in_a_sentence_that_names_it(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 5}))
    at = open_page("train")
    assert "1 class with usable images (“cat”); a classifier needs at least two" in words(at)
    assert not start_offered(at)


def test_a_dataset_of_which_everything_is_unreadable_is_refused(
    open_page: Open, bring_in: BringIn, tmp_path: Path
) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "bad" / label).mkdir(parents=True)
        (tmp_path / "bad" / label / "a.jpg").write_bytes(b"")
    bring_in(tmp_path / "bad")
    at = open_page("train")
    assert "0 classes with usable images" in words(at)
    assert not start_offered(at)


def test_settings_that_need_more_memory_than_there_is_are_refused(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 5, "dog": 5}))
    at = put(expert(choose(open_page("train"), "scratch"), "Network"), "image_size", 224)
    put(expert(at, "Training"), "batch_size", 1024)
    assert "The batch size of 1024 at 224 pixels needs about" in words(at)
    assert "Choose a smaller batch size or image size" in words(at)
    assert not start_offered(at)
    assert catalog.runs.all() == []


def test_a_run_starts_with_what_was_chosen_and_is_shown(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 8, "dog": 8}), "Pets")
    at = expert(choose(open_page("train"), "classic"), "Training")
    put(at, "epochs", 3)
    put(at, "batch_size", 8)
    put(at, "learning_rate", 0.0005)
    put(expert(at, "Network"), "image_size", 48)
    put(expert(at, "Data"), "seed", 7)
    press_start(at)
    (run,) = catalog.runs.all()
    chosen = {
        name: run.spec[name]
        for name in ("recipe", "epochs", "image_size", "batch_size", "learning_rate", "seed")
    }
    assert chosen == {
        "recipe": "classic",
        "epochs": 3,
        "image_size": 48,
        "batch_size": 8,
        "learning_rate": 0.0005,
        "seed": 7,
    }
    assert (run.dataset_id, run.dataset_version) == (record.id, record.version)
    assert catalog.jobs.get(run.job_id).state == "queued"
    assert title(at) == "Training"
    assert "You can close this page and come back" in words(at)


def test_the_split_that_is_promised_covers_every_usable_image(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 12, "dog": 9}))
    at = open_page("train")
    assert "that training never sees" in words(at)
    table = expert(at, "Data").dataframe[0].value
    assert table.sum(axis=1).to_dict() == {"cat": 12, "dog": 9}


def test_a_queued_training_can_be_cancelled_and_says_so(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 5, "dog": 5}))
    run = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    at = open_page("train", run=run.id)
    assert title(at) == "Training"
    click(at, "Cancel")
    assert catalog.runs.get(run.id).state == "cancelled"
    at = open_page("train", run=run.id)
    assert "cancelled before there was anything to keep" in words(at)


def test_an_interrupted_run_says_why_and_starts_again_with_the_same_settings(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 5, "dog": 5}))
    run = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    catalog.jobs.finish(run.job_id, "interrupted", "The worker process was killed.")
    at = open_page("train", run=run.id)
    assert "This training was interrupted. The worker process was killed." in words(at)
    click(at, "Train again with the same settings")
    newest, oldest = catalog.runs.all()
    assert oldest.id == run.id
    assert newest.spec == run.spec
    assert newest.state == "queued"
    assert title(at) == "Training"


def test_a_finished_run_says_how_good_it_is_and_leads_on(open_page: Open, trained: Trained) -> None:
    at = open_page("train", run=trained.run_id)
    said = words(at)
    assert "“Colours scratch 1” is trained" in said
    assert "of 6 images that it had never seen (likely between" in said
    assert title(click(at, "See the results")) == "Results"


def test_the_shares_that_are_chosen_are_those_of_the_run(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 10, "dog": 20}))
    at = expert(choose(open_page("train"), "scratch"), "Data")
    at.slider(key=f"{record.id}-split-validation").set_value(10)
    at.slider(key=f"{record.id}-split-test").set_value(30).run()
    assert_no_defect(at)
    assert "60 % of the images are left to train on" in words(at)
    table = at.dataframe[0].value
    assert table.loc["cat"].tolist() == [6, 1, 3]
    assert table.loc["dog"].tolist() == [12, 2, 6]
    assert "It will be tested on 9 images only" in words(at)
    choose(at, "classic")
    assert at.slider(key=f"{record.id}-split-test").value == 30, "another recipe, the same split"
    press_start(at)
    (run,) = catalog.runs.all()
    assert run.spec["shares"] == {"train": 0.6, "validation": 0.1, "test": 0.3}


def test_copies_are_promised_to_stay_on_one_side(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 8, "dog": 8})
    for number in range(4):
        (folder / "cat" / f"copy {number}.jpg").write_bytes(
            (folder / "cat" / "000.jpg").read_bytes()
        )
    bring_in(folder)
    at = expert(open_page("train"), "Data")
    assert "stay on one side" in words(at)


def test_a_dataset_that_came_split_is_shown_as_given_with_its_leaks(
    open_page: Open, bring_in: BringIn, tmp_path: Path, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"train/cat": 6, "train/dog": 6, "test/cat": 3, "test/dog": 3})
    leak = (folder / "train" / "cat" / "000.jpg").read_bytes()
    (folder / "test" / "cat" / "leak.jpg").write_bytes(leak)
    record = bring_in(folder)
    at = open_page("train")
    assert "1 validation or test image has a copy among the training images" in words(at)
    said = words(expert(at, "Data"))
    assert "This dataset came split (train, test)" in said
    assert "Images for validation are taken out of its training images" in said
    assert at.slider(key=f"{record.id}-split-test").disabled
    assert not at.slider(key=f"{record.id}-split-validation").disabled
    assert at.dataframe[0].value["test"].to_dict() == {"cat": 4, "dog": 3}
    assert title(click(at, "Look at them")) == "Clean"
