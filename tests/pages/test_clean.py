"""Clean: planted faults are found, decisions change counts, and every one can be undone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.quality.curation import curated, usable
from core.quality.looked import looked
from core.quality.suspects.find import find_suspects
from tests.conftest import write_image
from tests.pages.conftest import Open, assert_no_defect, click, gallery, title, words

BringIn = Callable[..., DatasetRecord]


@pytest.fixture
def faulty(bring_in: BringIn, class_folders: Callable[..., Path]) -> tuple[DatasetRecord, Path]:
    """Five good cats and four good dogs; two empty files and one each of three other faults."""
    folder = class_folders({"cat": 5, "dog": 4})
    (folder / "cat" / "empty 1.jpg").write_bytes(b"")
    (folder / "dog" / "empty 2.jpg").write_bytes(b"")
    whole = write_image(folder / "whole.jpg", 90, (200, 160)).read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cat" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    write_image(folder / "really.png", 91).rename(folder / "dog" / "really png.jpg")
    (folder / "dog" / "copy.jpg").write_bytes((folder / "dog" / "000.jpg").read_bytes())
    return bring_in(folder, "Pets"), folder


def look_at(at: AppTest, key: str) -> AppTest:
    """From the list, or from another entry of it."""
    if any(button.key == "look-back" for button in at.button):
        click(at, "Back to the list")
    at.button(key=f"look-{key}").click().run()
    assert_no_defect(at)
    return at


def listed(at: AppTest) -> dict[str, int]:
    """The list's entries: key and number of images. Empty while one of them is open."""
    looks = [b for b in at.button if (b.key or "").startswith("look-") and b.key != "look-back"]
    return {str(b.key).removeprefix("look-"): int(b.label.split()[-1]) for b in looks}


def count(catalog: Catalog, record: DatasetRecord) -> int:
    return len(usable(curated(catalog, record.id)))


def test_without_images_it_leads_to_where_they_come_in(open_page: Open) -> None:
    at = open_page("clean")
    assert "Nothing to clean yet" in words(at)
    assert title(click(at, "Go to Data")) == "Data"


def test_a_dataset_without_faults_is_said_to_be_fine(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 3, "dog": 3}))
    at = open_page("clean")
    assert "All 6 images look fine." in words(at)
    assert not listed(at)
    assert title(click(at, "Next: train")) == "Train"


def test_every_planted_fault_is_listed_with_its_files(
    open_page: Open, faulty: tuple[DatasetRecord, Path]
) -> None:
    at = open_page("clean")
    assert listed(at) == {"empty": 2, "truncated": 1, "wrong_extension": 1, "exact_duplicates": 2}
    assert "8 of 14 images look fine; 4 things deserve a look" in words(at)
    expected = {
        "empty": {"cat/empty 1.jpg", "dog/empty 2.jpg"},
        "truncated": {"cat/half.jpg"},
        "wrong_extension": {"dog/really png.jpg"},
        "exact_duplicates": {"dog/000.jpg", "dog/copy.jpg"},
    }
    for key, paths in expected.items():
        assert set(gallery(look_at(at, key), f"finding-{key}").ids) == paths


def test_each_broken_file_says_what_is_wrong_with_it(
    open_page: Open, faulty: tuple[DatasetRecord, Path]
) -> None:
    at = look_at(open_page("clean"), "truncated")
    (table,) = [each.value for each in at.dataframe]
    assert list(table["file"]) == ["cat/half.jpg"]
    assert "part of the file is missing" in table["what"][0]


def test_excluding_one_takes_it_out_of_the_counts_and_leaves_the_file_alone(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, folder = faulty
    before = (folder / "dog" / "copy.jpg").read_bytes()
    usable_before = count(catalog, record)
    at = look_at(open_page("clean"), "exact_duplicates")
    gallery(at, "finding-exact_duplicates").select("dog/copy.jpg")
    assert "1 selected" in words(at)
    click(at, "Exclude selected")
    assert "Excluded: 1 image. Your files are as they were." in words(at)
    assert "exact_duplicates" not in listed(at)
    assert listed(at)["excluded"] == 1
    assert count(catalog, record) == usable_before - 1
    assert catalog.datasets.get(record.id).images == usable_before - 1
    assert (folder / "dog" / "copy.jpg").read_bytes() == before


def test_excluding_all_of_a_finding_and_restoring_all_brings_the_counts_back(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = look_at(open_page("clean"), "exact_duplicates")
    click(at, "Exclude all 2")
    assert count(catalog, record) == before - 2
    look_at(at, "excluded")
    assert gallery(at, "excluded-gallery").ids == ["dog/000.jpg", "dog/copy.jpg"]
    click(at, "Restore all 2")
    assert "Restored: 2 images" in words(at)
    assert count(catalog, record) == before
    assert listed(at)["exact_duplicates"] == 2


def test_restoring_one_of_several_leaves_the_others_excluded(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = click(look_at(open_page("clean"), "exact_duplicates"), "Exclude all 2")
    look_at(at, "excluded")
    gallery(at, "excluded-gallery").select("dog/copy.jpg")
    click(at, "Restore selected")
    assert count(catalog, record) == before - 1
    click(at, "Back to the list")
    assert listed(at)["excluded"] == 1


def test_of_duplicates_one_a_group_can_be_kept_with_one_click(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    at = look_at(open_page("clean"), "exact_duplicates")
    click(at, "Leave out extra copies: 1")
    table = curated(catalog, record.id)
    assert list(table.loc[table["excluded"], "path"]) == ["dog/copy.jpg"]


def test_what_is_said_to_be_fine_is_not_flagged_again(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = look_at(open_page("clean"), "wrong_extension")
    gallery(at, "finding-wrong_extension").select("dog/really png.jpg")
    click(at, "They are fine")
    assert "wrong_extension" not in listed(at)
    assert count(catalog, record) == before


def test_the_last_decision_is_undone_with_one_click(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = click(look_at(open_page("clean"), "exact_duplicates"), "Exclude all 2")
    click(at, "Undo")
    assert count(catalog, record) == before
    assert "Undo" not in [each.label for each in at.button]
    assert gallery(at, "finding-exact_duplicates").ids == ["dog/000.jpg", "dog/copy.jpg"]
    assert "taken back" in words(at)


@pytest.fixture
def many_empty(bring_in: BringIn, class_folders: Callable[..., Path]) -> DatasetRecord:
    """One finding only, of more images than a page holds."""
    folder = class_folders({"cat": 3, "dog": 3})
    for number in range(62):
        (folder / "cat" / f"empty {number:02d}.jpg").write_bytes(b"")
    return bring_in(folder)


def exclude_is_offered(at: AppTest) -> bool:
    return not next(each for each in at.button if each.label == "Exclude selected").disabled


def test_nothing_is_selected_after_a_decision_and_its_undoing(
    open_page: Open, many_empty: DatasetRecord
) -> None:
    at = look_at(open_page("clean"), "empty")
    gallery(at, "finding-empty").select("cat/empty 00.jpg")
    assert exclude_is_offered(at)
    click(at, "Exclude selected")
    click(at, "Undo")
    assert "cat/empty 00.jpg" in gallery(at, "finding-empty").ids
    assert "0 selected" in words(at)
    assert not exclude_is_offered(at)


def test_nothing_is_selected_on_a_page_that_one_comes_back_to(
    open_page: Open, many_empty: DatasetRecord
) -> None:
    at = look_at(open_page("clean"), "empty")
    gallery(at, "finding-empty").select("cat/empty 00.jpg")
    for page, shown in ((2, 2), (1, 60)):
        at.pagination[0].select(page).run()
        assert_no_defect(at)
        assert len(gallery(at, "finding-empty").ids) == shown
        assert not exclude_is_offered(at)


def test_the_history_takes_back_all_decisions_at_once_and_says_so_only_there(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = click(look_at(open_page("clean"), "exact_duplicates"), "Exclude all 2")
    click(look_at(at, "wrong_extension"), "Exclude all 1")
    assert "History: 2 decisions" in [each.label for each in at.expander]
    click(at, "Undo all")
    assert count(catalog, record) == before
    assert "Your files are as they were" not in words(at)
    assert "Undo all" not in [each.label for each in at.button]


def test_decisions_are_there_in_another_browser(
    open_page: Open, faulty: tuple[DatasetRecord, Path]
) -> None:
    click(look_at(open_page("clean"), "exact_duplicates"), "Exclude all 2")
    other = open_page("clean")
    assert listed(other)["excluded"] == 2
    assert "Excluded: 2 images (Exact duplicates) · tester" in words(other)


def test_at_a_glance_each_finding_has_examples_and_leads_to_all(
    open_page: Open, many_empty: DatasetRecord
) -> None:
    at = open_page("clean")
    assert len(gallery(at, "strip-empty").tiles) == 6
    look_at(at, "empty")
    assert gallery(at, "finding-empty").tiles
    # It stands in the address, so the browser's way back leads to the list.
    assert at.query_params["look"] == "empty"


def test_extra_copies_are_left_out_by_one_click_and_taken_back_by_another(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    before = count(catalog, record)
    at = click(open_page("clean"), "Leave out extra copies: 1")
    assert count(catalog, record) == before - 1
    assert listed(at)["excluded"] == 1
    click(at, "Undo")
    assert count(catalog, record) == before


def test_the_step_is_done_when_somebody_has_looked_wrong_labels_included(
    open_page: Open, catalog: Catalog, faulty: tuple[DatasetRecord, Path]
) -> None:
    record, _ = faulty
    open_page("clean")
    assert not looked(catalog, record.id)
    find_suspects(catalog, record.id)
    open_page("data")
    assert not looked(catalog, record.id)
    open_page("clean")
    assert looked(catalog, record.id)
    # Until something new is found.
    find_suspects(catalog, record.id)
    assert not looked(catalog, record.id)


def test_what_most_pictures_are_is_said_and_can_be_looked_at(
    open_page: Open, bring_in: BringIn, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    for label, number in itertools.product(("lines", "dots"), range(6)):
        (tmp_path / "drawings" / label).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(235, 256, (60, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "drawings" / label / f"{number}.png")
    record = bring_in(tmp_path / "drawings", "Drawings")
    at = open_page("clean", dataset=record.id)
    assert "taken for how they are, not for a fault" in words(at)
    assert len(gallery(look_at(at, "bright"), "finding-bright").ids) == 12
