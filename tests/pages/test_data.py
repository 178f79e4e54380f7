"""Data: what comes in, what is refused and why, and any name that a folder may have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.jobs import kinds
from core.jobs.execute import execute
from core.text import escape, shorten
from tests.conftest import write_image
from tests.pages.conftest import (
    RAW,
    Open,
    assert_no_defect,
    click,
    component,
    gallery,
    title,
    words,
)

BringIn = Callable[..., DatasetRecord]
AWKWARD = [
    "two words",
    "🦊 fox 狐",
    "it's \"quoted\" & 'so'",
    "<script>alert(1)<",
    "**bold** _it_ $x^2$ :red[x] [a](b) `c`",
    "# 1. heading | table",
    "x" * 200,
]


@pytest.fixture
def awkward(bring_in: BringIn, tmp_path: Path) -> DatasetRecord:
    for number, label in enumerate(AWKWARD):
        for copy in range(6):
            write_image(tmp_path / "awkward" / label / f"{copy}.png", number * 10 + copy)
    return bring_in(tmp_path / "awkward", "<b>Awkward</b> & *co*")


def ways_in(at: AppTest, way: str) -> AppTest:
    at.segmented_control(key="way").select(way).run()
    assert_no_defect(at)
    return at


def test_without_data_the_ways_in_are_there_at_once(open_page: Open) -> None:
    at = open_page("data")
    assert title(at) == "Data"
    options = " ".join(at.segmented_control(key="way").options)
    assert "Upload a folder" in options
    assert "Sample" in options


def test_a_folder_outside_the_roots_is_refused_in_a_sentence_and_adds_nothing(
    open_page: Open, catalog: Catalog
) -> None:
    at = ways_in(open_page("data"), "Folder on this computer")
    at.text_input[0].set_value("/etc").run()
    click(at, "Use this folder")
    assert any("Lightbox may not read this folder" in box.value for box in at.error)
    assert any("Choose one inside" in box.value for box in at.error)
    assert catalog.datasets.all() == []
    assert catalog.jobs.all() == []


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(
    open_page: Open, catalog: Catalog, tmp_path: Path
) -> None:
    at = ways_in(open_page("data"), "Folder on this computer")
    at.text_input[0].set_value(str(tmp_path / "nowhere")).run()
    click(at, "Use this folder")
    assert "That folder is not there" in words(at)
    assert catalog.datasets.all() == []


def test_a_folder_is_found_by_clicking_and_its_import_is_queued(
    open_page: Open, catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 3, "dog": 3}, root="Photos & more")
    at = ways_in(open_page("data"), "Folder on this computer")
    at.button(key=f"into-{folder.parent}/{folder.name}").click().run()
    assert at.text_input[0].value == str(folder)
    click(at, "Use this folder")
    (record,) = catalog.datasets.all()
    assert record.name == "Photos & more"
    assert [(job.kind, job.subject) for job in catalog.jobs.all()] == [("import", record.id)]
    assert "Importing “Photos & more”" in words(at)
    assert "Cancel" in [each.label for each in at.button]


def test_a_folder_that_is_a_dataset_already_is_opened_or_added_once_more(
    open_page: Open, catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 3, "dog": 3})
    first = intake.add_folder(catalog, folder, restrict=False)
    at = ways_in(click(open_page("data"), "Add a dataset"), "Folder on this computer")
    at.text_input[0].set_value(str(folder)).run()
    click(at, "Use this folder")
    assert f"is here already, as the dataset “{first.name}”" in words(at)
    assert catalog.datasets.all() == [first]
    click(at, "Add it once more")
    second, same = catalog.datasets.all()
    assert (same, second.root) == (first, first.root)
    assert [job.subject for job in catalog.jobs.all()] == [second.id]


@pytest.fixture
def no_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras/datasets"


def test_a_known_set_says_what_it_is_and_its_import_is_queued_once(
    open_page: Open, catalog: Catalog, no_downloads: Path
) -> None:
    at = ways_in(open_page("data"), "Known sets")
    assert "3,670 images of 5 classes. Licence: CC BY 2.0" in words(at)
    assert "228.8 MB will be downloaded" in words(at)
    at.radio(key="known").set_value("cifar10").run()
    assert "170.5 MB will be downloaded" in words(at)
    click(at, "Get CIFAR-10")
    (record,) = catalog.datasets.all()
    assert record.name == "CIFAR-10"
    assert "Importing “CIFAR-10”" in words(at)
    assert [(job.kind, job.subject) for job in catalog.jobs.all()] == [("import", record.id)]


def test_a_known_set_that_was_downloaded_before_says_so(
    open_page: Open, no_downloads: Path
) -> None:
    no_downloads.mkdir(parents=True)
    (no_downloads / "flower_photos.tgz").write_bytes(b"some")
    at = ways_in(open_page("data"), "Known sets")
    assert "nothing is downloaded" in words(at)


def test_asking_for_a_known_set_again_leads_to_it(
    open_page: Open, catalog: Catalog, no_downloads: Path
) -> None:
    at = click(ways_in(open_page("data"), "Known sets"), "Get Flowers")
    at.session_state["adding"] = True
    at.run()
    click(ways_in(at, "Known sets"), "Get Flowers")
    assert [record.name for record in catalog.datasets.all()] == ["Flowers"]
    assert [job.kind for job in catalog.jobs.all()] == ["import"]


def test_an_upload_goes_on_while_somebody_else_adds_the_first_dataset(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    at = open_page("data")
    before = component(at, "folder-")
    bring_in(class_folders({"cat": 2, "dog": 2}), "Other")
    at.run()
    assert_no_defect(at)
    assert component(at, "folder-") == before, "it is still where the upload goes"
    click(at, "Back to the dataset")
    assert not component(at, "folder-")
    assert at.selectbox[0].options == ["Other"]


def test_an_import_that_fails_says_why_and_can_be_tried_again_or_removed(
    open_page: Open, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "flat").mkdir()
    write_image(tmp_path / "flat" / "a.jpg")
    record = intake.add_folder(catalog, tmp_path / "flat", restrict=True)
    kinds.submit_import(catalog, record.id)
    job = catalog.jobs.claim("light", pid=1, host="here")
    assert job is not None
    execute(catalog, job)
    at = open_page("data")
    assert "say which class each is" in words(at)
    click(at, "Try again")
    assert [each.state for each in catalog.jobs.all()] == ["failed", "queued"]
    assert "Importing “flat”" in words(at)
    click(at, "Cancel")
    assert "The import did not finish." in words(at)
    click(at, "Remove it")
    assert catalog.datasets.all() == []


def test_counts_and_sizes_are_those_of_the_folder(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 5, "dog": 3})
    (folder / "cat" / "empty.jpg").write_bytes(b"")
    (folder / "dog" / "notes.txt").write_text("hello")
    bring_in(folder)
    at = open_page("data")
    said = words(at)
    assert "Usable images: 8" in said
    assert "Classes: 2" in said
    assert "Left out: 2" in said
    assert "All are 48 × 32 pixels." in said
    assert "2 files left out, and why" in [each.label for each in at.expander]
    tables = {tuple(each.value.columns): each.value for each in at.dataframe}
    assert dict(tables["class", "images"].itertuples(index=False)) == {"cat": 5, "dog": 3}
    assert set(tables["file", "why"]["file"]) == {"cat/empty.jpg", "dog/notes.txt"}


def test_one_class_alone_is_warned_of(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 3})
    bring_in(folder)
    assert "one class only" in words(open_page("data"))


def test_pictures_of_one_class_can_be_looked_at(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 3, "dog": 2}))
    at = open_page("data")
    assert gallery(at, f"class-{record.id}-cat").ids == [f"cat/00{n}.jpg" for n in range(3)]
    next(each for each in at.selectbox if each.label == "Class").select("dog").run()
    assert_no_defect(at)
    shown = gallery(at, f"samples-{record.id}")
    assert shown.ids == ["dog/000.jpg", "dog/001.jpg"]
    assert all(str(tile["src"]).startswith("data:image/") for tile in shown.tiles)


def test_a_dataset_is_renamed_but_not_to_a_name_that_is_taken(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 2, "dog": 2}, root="one"), "Taken")
    record = bring_in(class_folders({"cat": 2, "dog": 2}, root="two"), "Mine")
    at = open_page("data", dataset=record.id)
    at.text_input(key=f"rename-{record.id}").set_value("Taken").run()
    click(at, "Rename")
    assert "There is already a dataset named “Taken”" in words(at)
    at = open_page("data", dataset=record.id)
    at.text_input(key=f"rename-{record.id}").set_value("Ours").run()
    click(at, "Rename")
    assert catalog.datasets.get(record.id).name == "Ours"


def test_a_removed_dataset_is_brought_back_by_undo_or_from_below_the_list(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 2, "dog": 2})
    record = bring_in(folder, "pets")
    at = open_page("data", dataset=record.id)
    assert not [each for each in at.expander if each.label.startswith("Bin")]
    click(at, "Remove the dataset")
    assert catalog.datasets.all() == []
    assert len(list(folder.rglob("*.jpg"))) == 4
    assert "“pets” is removed. Your own folder is as it was." in words(at)
    click(at, "Undo")
    assert at.selectbox[0].options == ["pets"]
    assert "Undo" not in [each.label for each in at.button]
    assert gallery(at, f"class-{record.id}-cat").ids == ["cat/000.jpg", "cat/001.jpg"]

    click(at, "Remove the dataset")
    at = open_page("data")
    assert [each.label for each in at.expander if each.label.startswith("Bin: 1 dataset, ")]
    (binned,) = at.dataframe
    assert binned.value["name"].tolist() == ["pets"]
    click(at, "Restore 1")
    assert [each.id for each in catalog.datasets.all()] == [record.id]

    click(at, "Remove the dataset")
    at = open_page("data")
    at.checkbox(key="bin-sure-dataset").check().run()
    click(at, "Empty the bin")
    assert not [each for each in at.expander if each.label.startswith("Bin")]
    assert catalog.datasets.all(deleted=True) == []


def test_of_several_in_the_bin_those_that_are_picked_come_back(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    for name in ("pets", "birds", "fish"):
        bring_in(class_folders({f"{name} a": 1, f"{name} b": 1}), name)
        click(open_page("data"), "Remove the dataset")
    at = open_page("data")
    (binned,) = at.dataframe
    names = binned.value["name"].tolist()
    assert sorted(names) == ["birds", "fish", "pets"]
    assert "Restore" in [each.label for each in at.button if each.disabled]
    at.session_state[binned.key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    at = click(at.run(), "Restore 1")
    assert [each.name for each in catalog.datasets.all()] == [names[1]]
    # What was picked among three is none of the two that are left.
    assert "Restore" in [each.label for each in at.button if each.disabled]


def test_scanning_again_is_queued_and_the_page_stays(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 2, "dog": 2}))
    at = click(open_page("data"), "Scan again")
    assert [job.kind for job in catalog.jobs.all()] == ["scan"]
    assert "Usable images: 4" in words(at)


@pytest.mark.parametrize("page", ["home", "data", "clean", "train", "results", "predict"])
def test_awkward_names_are_shown_as_they_are_written_and_never_as_html(
    page: str, open_page: Open, awkward: DatasetRecord
) -> None:
    at = open_page(page)
    assert not at.error
    for each in [*at.markdown, *at.caption]:
        assert not each.proto.allow_html
        assert not RAW.search(each.value)
    assert not any("alert" in each.value for each in at.html)


def test_awkward_classes_are_counted_and_their_pictures_carry_their_names(
    open_page: Open, awkward: DatasetRecord
) -> None:
    at = open_page("data")
    assert f"Classes: {len(AWKWARD)}" in words(at)
    shown = [each.key or "" for each in at.get("bidi_component")]
    assert len([key for key in shown if key.startswith(f"class-{awkward.id}-")]) == len(AWKWARD)
    for label in AWKWARD:
        assert any(escape(shorten(label, 40)) in each.value for each in at.markdown)
    choice = next(each for each in at.selectbox if each.label == "Class")
    for label in AWKWARD:
        choice.select(label).run()
        assert_no_defect(at)
        choice = next(each for each in at.selectbox if each.label == "Class")


def test_an_awkward_folder_is_opened_by_clicking(open_page: Open, awkward: DatasetRecord) -> None:
    at = click(open_page("data"), "Add a dataset")
    ways_in(at, "Folder on this computer")
    roots = at.text_input[0].value
    at.button(key=f"into-{roots}/awkward").click().run()
    for label in AWKWARD:
        assert any(each.key == f"into-{roots}/awkward/{label}" for each in at.button)
    assert not any(RAW.search(each.label) for each in at.button)


def test_how_unequal_classes_are_is_a_number(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 6, "dog": 4}))
    assert "Largest : smallest: 1.5 : 1" in words(open_page("data"))


def test_bars_that_are_clicked_filter_the_pictures_until_they_are_let_go(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 3, "dog": 2})
    write_image(folder / "dog" / "wide.png", 50, (90, 30))
    record = bring_in(folder)
    at = open_page("data")

    def click_bar(kind: str, *positions: int) -> None:
        key = f"bars-{kind}-{record.id}-{record.version}-0"
        at.session_state[key] = {"selection": {"point_indices": list(positions)}}
        at.run()
        assert_no_defect(at)

    click_bar("class", 1)
    assert gallery(at, f"samples-{record.id}").ids == ["dog/000.jpg", "dog/001.jpg", "dog/wide.png"]
    assert "3 of 6 images" in words(at)
    click_bar("type", 1)
    assert gallery(at, f"samples-{record.id}").ids == ["dog/wide.png"]
    click(at, "Class: dog")
    assert gallery(at, f"samples-{record.id}").ids == ["dog/wide.png"]
    click(at, "File type: PNG")
    assert gallery(at, f"class-{record.id}-dog").ids[-1] == "dog/wide.png"
    at.multiselect(key=f"only-class-{record.id}-{record.version}-1").select("dog").run()
    assert len(gallery(at, f"samples-{record.id}").ids) == 3, "bars are chosen by name too"


def test_a_dataset_that_is_removed_while_it_trains_is_said_to_be_gone_wherever_it_was_open(
    open_page: Open,
    bring_in: BringIn,
    class_folders: Callable[..., Path],
    catalog: Catalog,
) -> None:
    bring_in(class_folders({"cat": 2, "dog": 2}, root="others"), "others")
    record = bring_in(class_folders({"cat": 2, "dog": 2}, root="pets"), "pets")
    job = catalog.jobs.add("train", {}, lane="train", subject=record.id)
    run = catalog.runs.add(
        "pets 1", dataset_id=record.id, dataset_version=1, spec={}, job_id=job.id
    )
    elsewhere = open_page("data", dataset=record.id, run=run.id)
    at = open_page("data", dataset=record.id)
    assert "being trained on: “pets 1”. Removing the dataset stops that" in words(at)
    next(box for box in at.checkbox if "stop its training" in box.label).check().run()
    click(at, "Remove the dataset")
    assert "“pets” is removed. Your own folder is as it was." in words(at)
    assert "Its training was stopped: “pets 1”. Open now: “others”." in words(at)
    click(at, "Close")
    assert "is removed" not in words(at)
    elsewhere.run()
    said = "The dataset “pets” is not here any more: it was removed. Its training was stopped"
    assert said in words(elsewhere)
    assert "not here any more" in words(elsewhere.run())
    late = open_page("home", dataset=record.id, run="never-there")
    assert f"There is no dataset “{record.id}” here. It may have been removed" in words(late)
    assert "There is no model “never-there” here. It may have been deleted" in words(late)
