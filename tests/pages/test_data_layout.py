"""Where a folder may be meant otherwise, the page says so and lets a person choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.catalog import Catalog, DatasetRecord
from core.datasets.layout import load_choice
from core.quality.curation import curated
from core.quality.scan import scan
from tests.conftest import write_image
from tests.pages.conftest import Open, click, words


def days(root: Path) -> Path:
    seed = 0
    for day in ("friday", "monday"):
        for label in ("cat", "dog"):
            for number in range(2):
                seed += 1
                write_image(root / day / label / f"{number}.png", seed)
    return root


def test_a_doubt_is_said_and_a_choice_is_kept(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    record = bring_in(days(tmp_path / "days"), "Days")
    at = open_page("data", dataset=record.id)
    assert "either may be the classes" in words(at)
    assert "2 classes (cat 4, dog 4)" in words(at)
    assert len(at.get("image")) >= 4, "both readings with pictures of their classes"
    click(at, "Read it so")
    assert load_choice(catalog.workspace, record.id).kind == "inner"
    (waiting,) = [job for job in catalog.jobs.all() if job.kind == "scan"]
    assert waiting.state == "queued"
    scan(catalog, record.id)
    assert set(curated(catalog, record.id)["label"]) == {"cat", "dog"}


def test_masks_are_asked_about_and_what_is_said_of_them_is_kept(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    for seed in range(8):
        label, number = ("ill", "well")[seed % 2], seed // 2
        write_image(tmp_path / "scans" / label / f"{number}.png", seed)
        write_image(tmp_path / "scans" / label / f"{number}_mask.png", 100 + seed)
    record = bring_in(tmp_path / "scans", "Scans")
    at = open_page("data", dataset=record.id)
    assert "8 files are called like masks of pictures beside them" in words(at)
    assert "2 classes (ill 8, well 8)" in words(at)
    click(at, "Read it so")
    assert load_choice(catalog.workspace, record.id).masks == "images"
    _settle(catalog, record)
    assert len(curated(catalog, record.id)) == 16
    at = open_page("data", dataset=record.id)
    assert "called like masks" not in words(at), "it was decided"
    click(at, "Let Lightbox judge again")
    _settle(catalog, record)
    assert len(curated(catalog, record.id)) == 16, "until it is answered, it is as it was"
    click(open_page("data", dataset=record.id), "Read it so")
    _settle(catalog, record)
    choice = load_choice(catalog.workspace, record.id)
    assert (choice.kind, choice.masks) == ("classes", "out")
    assert len(curated(catalog, record.id)) == 8


def test_a_choice_can_be_taken_back(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    record = bring_in(days(tmp_path / "days"), "Days")
    click(open_page("data", dataset=record.id), "Yes, this")
    assert load_choice(catalog.workspace, record.id).kind == "classes"
    scan(catalog, record.id)
    for job in catalog.jobs.all():
        catalog.jobs.finish(job.id, "done")
    at = open_page("data", dataset=record.id)
    assert "either may be the classes" not in words(at), "it was decided"
    click(at, "Let Lightbox judge again")
    assert load_choice(catalog.workspace, record.id).kind is None


def test_what_belongs_together_is_offered_chosen_and_taken_back(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    for n, label in enumerate(("ill", "well")):
        for who in range(4):
            for shot in range(2):
                seed = 100 * n + 10 * who + shot
                write_image(tmp_path / "d" / label / f"patient{4 * n + who}_{shot}.png", seed)
    record = bring_in(tmp_path / "d", "Patients")
    at = open_page("data", dataset=record.id)
    assert "8 groups, for example **patient0**" in words(at)
    click(at, "Keep these together")
    assert load_choice(catalog.workspace, record.id).together == "name:1"
    scan(catalog, record.id)
    assert curated(catalog, record.id)["together"].nunique() == 8
    for job in catalog.jobs.all():
        catalog.jobs.finish(job.id, "done")
    at = open_page("data", dataset=record.id)
    assert "Kept together: **8 groups**" in words(at)
    click(at, "Undo")
    assert load_choice(catalog.workspace, record.id).together is None


def _settle(catalog: Catalog, record: DatasetRecord) -> None:
    """Do what the page has queued."""
    scan(catalog, record.id)
    for job in catalog.jobs.all():
        catalog.jobs.finish(job.id, "done")


def test_page_and_greys_are_chosen_on_the_page_and_the_range_found_again(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    for number in range(4):
        file = tmp_path / "stacks" / "ab"[number % 2] / f"{number}.tif"
        file.parent.mkdir(parents=True, exist_ok=True)
        values = np.arange(256, dtype=np.uint16).reshape(16, 16) * 10 + number
        first, second = (Image.fromarray(each) for each in (values, values + 300))
        first.save(file, save_all=True, append_images=[second])
    record = bring_in(tmp_path / "stacks", "Stacks")
    at = open_page("data", dataset=record.id)
    assert "Found in these images: 0 to 4095" in words(at)
    at.number_input(key="page-of").set_value(2)
    at.number_input(key="greys-high").set_value(3000.0)
    click(at, "Read them so")
    choice = load_choice(catalog.workspace, record.id)
    assert (choice.page, choice.greys) == (2, (0.0, 3000.0))
    _settle(catalog, record)
    assert curated(catalog, record.id)["path"].str.endswith("#page=2").all()
    at = open_page("data", dataset=record.id)
    assert "Chosen: 0 to 3000" in words(at)
    at.number_input(key="greys-low").set_value(5000.0)
    click(at, "Read them so")
    assert "Black must be less than white" in words(at)
    assert load_choice(catalog.workspace, record.id) == choice
    click(at, "Find the range of greys again")
    assert load_choice(catalog.workspace, record.id) == replace(choice, greys=None)
    _settle(catalog, record)
    at = open_page("data", dataset=record.id)
    at.number_input(key="page-of").set_value(7)
    click(at, "Read them so")
    _settle(catalog, record)
    assert set(curated(catalog, record.id)["problem"]) == {
        "It has no page 7. Choose a page that all files have."
    }


def test_the_margin_around_boxes_is_chosen_on_the_page(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    root = tmp_path / "street"
    for number in range(4):
        write_image(root / f"images/{number}.png", number)
        (root / "labels").mkdir(exist_ok=True)
        (root / f"labels/{number}.txt").write_text("0 0.3 0.5 0.2 0.5\n1 0.7 0.5 0.2 0.5\n")
    (root / "classes.txt").write_text("cat\ndog\n")
    record = bring_in(root, "Street")
    narrow = curated(catalog, record.id)["width"].max()
    at = open_page("data", dataset=record.id)
    assert at.number_input(key="margin").value == 10
    at.number_input(key="margin").set_value(50)
    click(at, "Read them so")
    _settle(catalog, record)
    assert curated(catalog, record.id)["width"].max() > narrow
    assert open_page("data", dataset=record.id).number_input(key="margin").value == 50


def test_the_column_of_a_table_that_says_the_classes_is_chosen_on_the_page(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    rows = ["file,colour,shape"]
    for number in range(8):
        write_image(tmp_path / f"forms/{number}.png", number)
        rows.append(f"{number}.png,{'red' if number % 2 else 'blue'},{'ox'[number // 4]}")
    (tmp_path / "forms/all.csv").write_text("\n".join(rows))
    record = bring_in(tmp_path / "forms", "Forms")
    at = open_page("data", dataset=record.id)
    assert "not which of its columns is the class" in words(at)
    assert "in its column “colour”" in words(at)
    click(at, "Read it so")
    _settle(catalog, record)
    assert set(curated(catalog, record.id)["label"]) == {"o", "x"}
    assert "not which of its columns" not in words(open_page("data", dataset=record.id))


def test_classes_that_look_alike_are_merged_with_a_click_and_taken_apart_again(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    for number, label in enumerate(["Cat", "cat", "cat", "dog"]):
        write_image(tmp_path / "pets" / label / f"{number}.png", number)
    record = bring_in(tmp_path / "pets", "Pets")
    at = open_page("data", dataset=record.id)
    assert "“Cat” and “cat” differ only in how they are written." in words(at)
    click(at, "Merge into “cat”")
    assert dict(curated(catalog, record.id)["label"].value_counts()) == {"cat": 3, "dog": 1}
    assert "differ only" not in words(at)
    click(at, "Undo")
    assert "differ only" in words(at)
