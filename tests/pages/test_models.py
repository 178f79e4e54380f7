"""The library: models are found, kept in order, compared, deleted and brought back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunRecord
from core.datasets.removal import remove
from core.jobs.execute import execute
from core.training.start import create_run
from tests.core.evaluation.twins import second_run
from tests.core.training.small import add_colours, spec_of
from tests.pages.conftest import Open, Trained, assert_no_defect, click, gallery, title, words


@pytest.fixture
def second(trained: Trained) -> RunRecord:
    return second_run(trained.catalog, trained.catalog.runs.get(trained.run_id), "Second try")


def names(at: AppTest) -> list[str]:
    """Of the cards, or of the table."""
    tables = [each.value for each in at.dataframe if "accuracy" in each.value.columns]
    heads = [each.value for each in at.markdown if each.value.startswith("## ")]
    return list(tables[0]["name"]) if tables else [head.removeprefix("## ") for head in heads]


def select(at: AppTest, *wanted: str) -> AppTest:
    """Tick these models in the table."""
    if not at.toggle(key="library-as-table").value:
        at.toggle(key="library-as-table").set_value(True).run()
    table = next(each for each in at.dataframe if "accuracy" in each.value.columns)
    rows = [names(at).index(name) for name in wanted]
    at.session_state[table.key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    at.run()
    assert_no_defect(at)
    return at


def test_without_models_it_leads_to_training(open_page: Open) -> None:
    at = open_page("models")
    assert "No models yet" in words(at)
    click(at, "Go to Train")


def test_it_is_reached_from_home_and_results_and_is_no_step(
    open_page: Open, trained: Trained
) -> None:
    for page in ("home", "results"):
        at = click(open_page(page), "All models")
        assert title(at) == "Models"
        assert names(at) == ["Colours scratch 1"]


def test_models_are_found_by_words_and_by_filters(
    open_page: Open, trained: Trained, second: RunRecord
) -> None:
    trained.catalog.runs.set_tags(second.id, ["fair"])
    at = open_page("models")
    assert names(at) == ["Second try", "Colours scratch 1"]
    at.text_input(key="library-search").set_value("fair").run()
    assert names(at) == ["Second try"]
    at.text_input(key="library-search").set_value("nothing like it").run()
    assert "No model is like that" in words(at)
    at.text_input(key="library-search").set_value("").run()
    at.selectbox(key="library-sort").select("name").run()
    assert names(at) == ["Colours scratch 1", "Second try"]


def test_a_model_is_renamed_tagged_noted_and_starred(open_page: Open, trained: Trained) -> None:
    at = select(open_page("models"), "Colours scratch 1")
    next(each for each in at.text_input if each.label == "Name").set_value("For the fair").run()
    click(at, "Rename")
    at = select(at, "For the fair")
    next(each for each in at.text_area if each.label == "Notes").set_value("Old camera.").run()
    click(at, "Keep these notes")
    click(at, "Star")
    run = trained.catalog.runs.get(trained.run_id)
    assert (run.name, run.notes, run.starred) == ("For the fair", "Old camera.", True)
    at.segmented_control(key="library-show").select("starred").run()
    assert names(at) == ["For the fair"]


def test_a_deleted_model_is_offered_nowhere_and_undo_brings_it_back(
    open_page: Open, trained: Trained, second: RunRecord
) -> None:
    at = click(select(open_page("models"), "Second try"), "Delete")
    assert "“Second try” is in the bin" in words(at)
    assert names(at) == ["Colours scratch 1"]
    results = open_page("results")
    (choice,) = [each for each in results.selectbox if each.label == "Model"]
    assert len(choice.options) == 1
    assert names(click(at, "Undo")) == ["Second try", "Colours scratch 1"]
    assert trained.catalog.runs.get(second.id).deleted_at is None


def test_the_bin_is_emptied_only_after_a_yes(
    open_page: Open, trained: Trained, second: RunRecord
) -> None:
    trained.catalog.runs.delete(second.id)
    at = open_page("models")
    (button,) = [each for each in at.button if each.label == "Empty the bin"]
    assert button.disabled
    assert trained.catalog.workspace.run(second.id).exists()
    at.checkbox(key="bin-sure-model").check().run()
    click(at, "Empty the bin")
    assert not trained.catalog.workspace.run(second.id).exists()
    assert trained.catalog.runs.all(deleted=True) == []


def test_an_archived_model_is_opened_by_a_link_only(
    open_page: Open, trained: Trained, second: RunRecord
) -> None:
    click(select(open_page("models"), "Second try"), "Archive")
    at = open_page("results")
    (choice,) = [each for each in at.selectbox if each.label == "Model"]
    assert len(choice.options) == 1
    at = open_page("results", run=second.id)
    (choice,) = [each for each in at.selectbox if each.label == "Model"]
    assert choice.value == second.id
    assert "archived" in words(at)
    assert title(open_page("predict", run=second.id)) == "Predict"


def test_the_settings_of_a_model_are_filled_into_train(open_page: Open, trained: Trained) -> None:
    at = click(select(open_page("models"), "Colours scratch 1"), "Train with its settings")
    assert title(at) == "Train"
    assert any("to the recipe" in button.label for button in at.button), "they differ from it"
    assert [each.value for each in at.radio if each.label == "Recipe"] == ["scratch"]


def test_two_models_lead_to_their_comparison(
    open_page: Open, trained: Trained, second: RunRecord
) -> None:
    at = select(open_page("models"), "Second try", "Colours scratch 1")
    click(at, "Compare")
    assert title(at) == "Results"
    assert "Beside other models" in words(at)
    assert "right on exactly the same of 6 images" in words(at)


def test_a_card_leads_to_results_to_use_and_to_more(open_page: Open, trained: Trained) -> None:
    at = open_page("models")
    assert "test images of “Colours”" in words(at)
    assert gallery(at, f"pictures-{trained.run_id}").tiles
    click(at, "More")
    assert "Rename" in [each.label for each in at.button]
    assert title(click(open_page("models"), "Try it")) == "Predict"
    assert title(click(open_page("models"), "Results")) == "Results"


def test_what_a_removed_dataset_was_trained_on_says_so(open_page: Open, trained: Trained) -> None:
    assert gallery(open_page("models"), f"pictures-{trained.run_id}").tiles
    remove(trained.catalog, trained.catalog.runs.get(trained.run_id).dataset_id)
    at = open_page("models")
    assert "test images (too few test photos); trained" in words(at)
    assert "Its dataset was removed." in words(at)
    assert not at.get("bidi_component"), "pictures that are not there any more"


@pytest.mark.parametrize(
    ("stops", "ended"),
    [
        (True, "was stopped, and nothing of it was kept. Its dataset was removed."),
        # Below a worker of another version, or while nobody could reach it.
        (False, "Its dataset was removed while it trained. Bring its images in again"),
    ],
)
def test_a_training_whose_dataset_was_removed_opens_with_why_it_ended(
    open_page: Open, catalog: Catalog, tmp_path: Path, stops: bool, ended: str
) -> None:
    dataset = add_colours(catalog, tmp_path / "gone")
    run = create_run(catalog, spec_of(dataset), name="Gone")
    add_colours(catalog, tmp_path / "other")
    claimed = catalog.jobs.claim("train", pid=os.getpid(), host="here", job_id=run.job_id)
    assert claimed is not None
    if stops:
        remove(catalog, dataset.id)
    else:
        catalog.datasets.remove(dataset.id)
    assert execute(catalog, claimed).state == ("cancelled" if stops else "failed")
    at = open_page("models")
    assert "Its dataset was removed" in words(at)
    at = click(at, "Open")
    assert title(at) == "Train"
    assert "Gone" in words(at)
    assert ended in words(at)
    assert not any(each.label.startswith("Start training") for each in at.button)
    at = click(at, "Train on another dataset")
    assert any(each.label.startswith("Start training") for each in at.button)
