"""Mistakes, one by one: found, understood, and put right in the dataset's log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunRecord, open_catalog
from core.datasets import removal
from core.evaluation.evaluate import evaluate_folder
from core.evaluation.study.run import run_study
from core.quality import curation
from core.workspace import Workspace, open_workspace
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.dense_run import make_dense_run
from tests.pages.conftest import (
    Open,
    assert_no_defect,
    click,
    gallery,
    title,
    words,
)
from tests.sharing import copied, made_once

# Blue and green under the label “red”: the model says what it sees.
TEST = [("red", "red"), ("red", "blue"), ("red", "green"), ("green", "green"), ("blue", "blue")]
BLUE, GREEN = "red/test-1.png", "red/test-2.png"


@dataclass(frozen=True)
class Subject:
    catalog: Catalog
    run: RunRecord
    root: Path

    def label(self, path: str = BLUE) -> str:
        table = curation.curated(self.catalog, self.run.dataset_id).set_index("path")
        return str(table.loc[path, "label"])


def _study(base: Path) -> None:
    right = [(colour, colour) for colour in ("red", "green", "blue")]
    splits = {"train": right * 3, "validation": right, "test": TEST}
    catalog = open_catalog(open_workspace(base / "home"))
    run_study(catalog, make_dense_run(catalog, base / "photos", splits).id)
    catalog.engine.dispose()


@pytest.fixture
def tested(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Subject:
    made = made_once(tmp_path_factory, "mistakes", _study)
    catalog = copied(made / "home", workspace)
    (run,) = catalog.runs.all()
    return Subject(catalog, catalog.runs.get(run.id), made / "photos")


@pytest.fixture
def section(open_page: Open, tested: Subject) -> AppTest:
    at = open_page("results", run=tested.run.id)
    at.session_state["section"] = "mistakes"
    at.run()
    assert_no_defect(at)
    return at


def shown(at: AppTest) -> list[object]:
    return gallery(at, "answers-gallery").ids


def choose(at: AppTest, label: str, value: str) -> None:
    (box,) = [each for each in at.selectbox if each.label == label]
    box.select(value).run()
    assert_no_defect(at)


def open_tile(at: AppTest, path: str, when: int = 1) -> None:
    """What the browser does when a picture is clicked on."""
    at.session_state[gallery(at, "answers-gallery").key] = {
        "opened": {"id": path, "at": when},
        "selected": [],
    }
    at.run()
    assert_no_defect(at)


def test_mistakes_are_filtered_by_class(section: AppTest) -> None:
    assert set(shown(section)) == {BLUE, GREEN}
    choose(section, "Predicted class (the answer)", "blue")
    assert shown(section) == [BLUE]
    choose(section, "True class", "green")
    assert "Choose other classes above" in words(section)


def test_all_answers_can_be_seen_by_loss(section: AppTest) -> None:
    (which,) = [each for each in section.segmented_control if each.label == "Show answers"]
    which.select("All").run()
    choose(section, "Order", "Highest loss first")
    assert set(shown(section)[:2]) == {BLUE, GREEN}
    assert len(shown(section)) == 5


def test_which_answers_are_shown_stands_in_the_address(
    section: AppTest, open_page: Open, tested: Subject
) -> None:
    address = {"run": tested.run.id, "section": "Mistakes", "which": "All", "true": "red"}
    at = open_page("results", **address)
    assert len(shown(at)) == 3
    (which,) = [each for each in at.segmented_control if each.label == "Show answers"]
    assert which.value == "All"
    # What is led to comes before what the address said.
    at.session_state["results-about"] = {"section": "mistakes", "predicted": "green"}
    at.run()
    assert at.query_params["which"] == "Wrong"
    assert shown(at) == [GREEN]


def test_the_chosen_cell_of_the_matrix_stands_in_the_address(
    open_page: Open, tested: Subject
) -> None:
    address = {"run": tested.run.id, "section": "What it mixes up"}
    at = open_page("results", **address, cell_true="red", cell_predicted="green")
    assert "1 of 3 images of “red” taken for “green”" in words(at)
    choose(at, "Predicted as", "blue")
    assert "1 of 3 images of “red” taken for “blue”" in words(at)
    # What isn't there leaves what was chosen to begin with.
    at = open_page("results", **address, cell_true="pink", cell_predicted="red")
    assert "1 of 3 images of “red” called right" in words(at)


def test_a_picture_opens_with_all_that_is_known_of_the_answer(section: AppTest) -> None:
    open_tile(section, BLUE)
    said = words(section)
    assert "Answered “blue”" in said
    assert "It is **“red”**" in said
    assert "Loss " in said
    assert BLUE in said
    assert "All 5 are “blue”" not in said, "there are but three blue training images"
    assert "3 of these 5 are “blue”" in said
    near = gallery(section, "detail-near").tiles
    assert [tile["caption"] for tile in near][:3] == ["blue"] * 3
    assert all("/train-" in str(tile["id"]) for tile in near)
    bars = [each.proto.text for each in section.get("progress")]
    assert bars[0].startswith("blue · ")
    assert any("what it is" in bar and "**red**" in bar for bar in bars)


def test_the_next_picture_is_the_next_of_those_shown(section: AppTest) -> None:
    first, second = map(str, shown(section))
    open_tile(section, first)
    assert "1 of 2" in words(section)
    click(section, "Next")
    assert "2 of 2" in words(section)
    assert second in words(section)
    click(section, "Previous")
    assert first in words(section)


def test_a_wrong_label_is_corrected_and_taken_back(section: AppTest, tested: Subject) -> None:
    files = {file: file.read_bytes() for file in tested.root.rglob("*.png")}
    open_tile(section, BLUE)
    click(section, "Move it to “blue”")
    assert tested.label() == "blue"
    (line, *_) = curation.history(tested.catalog, tested.run.dataset_id)
    assert (line.what, line.images) == ("Moved to “blue”", 1)
    assert "results of “colours”" in line.why
    said = words(section)
    assert "In the dataset “colours” it is **“blue”** now. These results stay as they are" in said
    click(section, "Undo")
    assert tested.label() == "red"
    assert "These results stay" not in words(section)
    assert {file: file.read_bytes() for file in tested.root.rglob("*.png")} == files


def test_more_like_it_are_added_on_the_data_page_to_its_class(
    section: AppTest, tested: Subject
) -> None:
    open_tile(section, GREEN)
    click(section, "Add more like this")
    assert title(section) != "Results"
    assert section.selectbox(key=f"add-to-{tested.run.dataset_id}").value == "red"
    assert "a folder of your own. It stays as it is" in words(section)


def test_it_leads_on_to_where_the_model_looks(section: AppTest) -> None:
    open_tile(section, BLUE)
    click(section, "Where it looks")
    assert section.session_state["section"] == "explain"
    assert BLUE in words(section)


def test_another_section_leads_here(section: AppTest) -> None:
    section.session_state["results-about"] = {
        "section": "mistakes",
        "true": "red",
        "predicted": "green",
    }
    section.run()
    assert shown(section) == [GREEN]
    section.session_state["results-about"] = {"section": "mistakes", "path": "blue/test-4.png"}
    section.run()
    assert_no_defect(section)
    assert "Answered “blue”" in words(section)
    assert "That is right." in words(section)


def test_without_the_dataset_nothing_is_to_be_corrected(open_page: Open, tested: Subject) -> None:
    removal.remove(tested.catalog, tested.run.dataset_id)
    at = open_page("results", run=tested.run.id)
    at.session_state["section"] = "mistakes"
    at.run()
    open_tile(at, BLUE)
    assert "was removed, so there is nothing to correct" in words(at)
    assert not [button for button in at.button if button.label.startswith("Move it")]


def test_images_of_a_folder_that_was_tested_on_are_not_relabelled(
    open_page: Open, tested: Subject, tmp_path: Path
) -> None:
    write_colour(tmp_path / "new/red/x.png", "green", seed=99)
    on = evaluate_folder(tested.catalog, tested.run.id, tmp_path / "new").on
    at = open_page("results", run=tested.run.id, on=on)
    at.session_state["section"] = "mistakes"
    at.run()
    (box,) = [each for each in at.selectbox if each.label == "Tested on"]
    if box.value != on:
        box.set_value(on).run()
    open_tile(at, "red/x.png")
    assert "put it into the right class folder yourself" in words(at)
    assert not [button for button in at.button if button.label.startswith("Move it")]


def _as_guest() -> None:
    import streamlit as st

    from pages._widgets.results import mistakes
    from pages._widgets.results.view import load_view
    from pages._widgets.session import catalog

    mistakes.draw(load_view(catalog().runs.get(st.session_state["of"]), read_only=True))


def test_a_guest_sees_all_of_it_and_changes_nothing(tested: Subject) -> None:
    at = AppTest.from_function(_as_guest, default_timeout=120)
    at.session_state["of"] = tested.run.id
    at.run()
    open_tile(at, BLUE)
    assert "Answered “blue”" in words(at)
    assert gallery(at, "detail-near").tiles
    assert {button.label for button in at.button} == {"Previous", "Next", "Where it looks"}
