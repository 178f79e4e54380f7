"""Clean, where a person's eye decides: wrong labels, near-duplicates and moved thresholds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.jobs.execute import execute
from core.quality.alike import find_alike
from core.quality.curation import curated
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.core.quality.altered import photo, saved
from tests.pages.conftest import Open, assert_no_defect, click, gallery, words
from tests.pages.test_clean import BringIn, listed, look_at


@pytest.fixture
def misfiled(bring_in: BringIn, tmp_path: Path, no_weights: None) -> tuple[DatasetRecord, Path]:
    """Twelve images of each of three colours; two red ones and a green one lie among the blue."""
    folder = tmp_path / "colours"
    for colour in CLASSES:
        for number in range(12):
            write_colour(folder / colour / f"{number:02d}.png", colour, number)
    for number, colour in enumerate(("red", "red", "green")):
        write_colour(folder / "blue" / f"{colour} {number}.png", colour, 50 + number)
    return bring_in(folder), folder


def search(catalog: Catalog, at: AppTest, ends: str = "done") -> AppTest:
    """Click, do the job as a worker would, and look again."""
    click(at, "Look for wrong labels")
    job = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert job is not None
    assert execute(catalog, job).state == ends
    at.run()
    assert_no_defect(at)
    return at


def labels_of(catalog: Catalog, record: DatasetRecord) -> dict[str, str]:
    table = curated(catalog, record.id)
    return dict(zip(table["path"], table["label"], strict=True))


MISFILED = ("blue/green 2.png", "blue/red 0.png", "blue/red 1.png")


def test_wrong_labels_are_looked_for_when_asked_and_shown_with_what_they_look_like(
    open_page: Open, catalog: Catalog, misfiled: tuple[DatasetRecord, Path]
) -> None:
    at = open_page("clean")
    assert "mislabelled" not in listed(at)
    search(catalog, at)
    assert listed(at)["mislabelled"] == 3
    assert "Look for wrong labels again" in [each.label for each in at.button]
    shown = gallery(look_at(at, "mislabelled"), "finding-mislabelled")
    assert sorted(map(str, shown.ids)) == list(MISFILED)
    assert {tile["id"]: tile["badge"] for tile in shown.tiles}["blue/red 0.png"] == "red?"


def test_a_search_that_runs_can_be_cancelled_and_is_offered_again(
    open_page: Open, catalog: Catalog, misfiled: tuple[DatasetRecord, Path]
) -> None:
    record, _ = misfiled
    at = click(open_page("clean"), "Look for wrong labels")
    assert "Look for wrong labels" not in [each.label for each in at.button]
    assert "Look for wrong labels" not in [each.label for each in open_page("clean").button]
    click(at, "Cancel")
    job = catalog.jobs.latest("suspects", record.id)
    assert job is not None
    assert job.state == "cancelled"
    assert "Look for wrong labels" in [each.label for each in open_page("clean").button]


def test_a_search_that_can_not_work_says_why(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 3, "dog": 3}))
    at = search(catalog, open_page("clean"), ends="failed")
    assert "five images each" in words(at)
    assert "Look for wrong labels" in [each.label for each in at.button]


def test_selected_images_move_to_the_classes_they_look_like_and_back_with_one_click(
    open_page: Open, catalog: Catalog, misfiled: tuple[DatasetRecord, Path]
) -> None:
    record, _ = misfiled
    at = look_at(search(catalog, open_page("clean")), "mislabelled")
    gallery(at, "finding-mislabelled").select(*MISFILED)
    click(at, "Move to the class they look like")
    assert "Moved: 3 images. Your files are as they were." in words(at)
    labels = labels_of(catalog, record)
    assert [labels[path] for path in MISFILED] == ["green", "red", "red"]
    assert "mislabelled" not in listed(at)
    assert "Not judged yet: 3 images" in words(at)
    click(at, "Undo")
    assert {labels_of(catalog, record)[path] for path in MISFILED} == {"blue"}
    assert len(gallery(at, "finding-mislabelled").ids) == 3


def test_selected_images_move_to_any_class_also_to_a_new_one(
    open_page: Open, catalog: Catalog, misfiled: tuple[DatasetRecord, Path]
) -> None:
    record, _ = misfiled
    at = look_at(search(catalog, open_page("clean")), "mislabelled")
    gallery(at, "finding-mislabelled").select("blue/red 0.png")
    at.selectbox(key="move-to").select("green").run()
    click(at, "Move")
    assert "Moved to “green”: 1 image." in words(at)
    gallery(look_at(at, "mislabelled"), "finding-mislabelled").select("blue/red 1.png")
    at.selectbox(key="move-to").select("a new class …").run()
    assert next(each for each in at.button if each.label == "Move").disabled
    at.text_input(key="move-new").input("<b>pink*").run()
    click(at, "Move")
    assert "Moved to “<b>pink*”: 1 image." in words(at)
    labels = labels_of(catalog, record)
    assert [labels[path] for path in MISFILED] == ["blue", "green", "<b>pink*"]


@pytest.fixture
def copies(bring_in: BringIn, catalog: Catalog, tmp_path: Path) -> DatasetRecord:
    """A near-duplicate that is clear and one that is less so, and an empty file."""
    folder = tmp_path / "photos"
    for label, first in (("cat", 0), ("dog", 100)):
        (folder / label).mkdir(parents=True)
        for seed in range(first, first + 4):
            photo(seed, 96).save(folder / label / f"{seed}.png")
    saved(photo(1, 96).resize((72, 72)), 85).save(folder / "cat" / "clear.png")
    saved(photo(102, 96).resize((32, 32)), 60).save(folder / "dog" / "less.png")
    (folder / "dog" / "empty.png").write_bytes(b"")
    record = bring_in(folder)
    find_alike(catalog, record.id)
    return catalog.datasets.get(record.id)


def test_the_slider_shows_more_images_or_only_the_clearest(
    open_page: Open, catalog: Catalog, copies: DatasetRecord
) -> None:
    table = curated(catalog, copies.id).set_index("path")["copy_score"]
    clear, less = float(table["cat/clear.png"]), float(table["dog/less.png"])
    assert clear > less
    at = look_at(open_page("clean"), "near_duplicates")
    at.slider[0].set_value(0.9).run()
    shown = gallery(at, "finding-near_duplicates")
    assert shown.ids == ["cat/1.png", "cat/clear.png", "dog/102.png", "dog/less.png"]
    assert [tile["badge"] for tile in shown.tiles] == ["group 1"] * 2 + ["group 2"] * 2
    click(at, "Exclude all 4")
    click(at, "Undo")
    look_at(at, "near_duplicates").slider[0].set_value(1.0).run()
    assert_no_defect(at)
    assert "Nothing is flagged at this setting." in words(at)


def test_the_larger_of_two_near_duplicates_is_kept_with_one_click(
    open_page: Open, catalog: Catalog, copies: DatasetRecord
) -> None:
    at = look_at(open_page("clean"), "near_duplicates")
    at.slider[0].set_value(0.9).run()
    click(at, "Leave out extra copies: 2")
    table = curated(catalog, copies.id)
    assert list(table.loc[table["excluded"], "path"]) == ["cat/clear.png", "dog/less.png"]


def test_after_a_decision_one_still_looks_at_the_same_finding(
    open_page: Open, copies: DatasetRecord
) -> None:
    at = look_at(open_page("clean"), "near_duplicates")
    at.slider[0].set_value(0.9).run()
    gallery(at, "finding-near_duplicates").select("dog/less.png")
    click(at, "Exclude selected")
    assert at.query_params["look"] == "near_duplicates"
    assert gallery(at, "finding-near_duplicates").ids
    click(at, "Back to the list")
    assert listed(at)["excluded"] == 1


def test_a_check_that_found_nothing_shows_what_comes_closest(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 4, "dog": 4})
    dim = Image.open(folder / "cat" / "000.jpg").point(lambda level: level * 0.55)
    dim.save(folder / "cat" / "dim.jpg")
    bring_in(folder)
    at = open_page("clean")
    assert "look fine" in words(at)
    checks = next(each for each in at.selectbox if each.label == "Check")
    assert "Perhaps in the wrong class" not in checks.options, "nobody has looked for these"
    assert "Very dark images" in checks.options
    checks.select("dark").run()
    assert_no_defect(at)
    assert "Nothing is flagged at this setting." in words(at)
    at.slider[0].set_value(0.05).run()
    assert "cat/dim.jpg" in gallery(at, "finding-dark").ids


def test_a_closer_look_is_offered_for_one_image_or_two(
    open_page: Open, copies: DatasetRecord
) -> None:
    at = look_at(open_page("clean"), "near_duplicates")

    def offered() -> bool:
        return not next(each for each in at.button if each.label == "Look closer").disabled

    assert not offered()
    gallery(at, "finding-near_duplicates").select("cat/1.png", "cat/clear.png")
    assert offered()
    click(at, "Look closer")
    facts = [dict(each.value.to_numpy().tolist()) for each in at.dataframe]
    assert [each["pixels"] for each in facts[-2:]] == ["96 × 96", "72 × 72"]
