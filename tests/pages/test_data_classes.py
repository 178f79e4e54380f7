"""Classes are renamed, merged and added to on the Data page, and what changed is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.progress import Reporter
from core.quality.curation import curated, decide, usable
from core.quality.scan import scan
from tests.conftest import write_image
from tests.core.cli.conftest import Cli
from tests.core.cli.conftest import cli as cli
from tests.pages.conftest import RAW, Open, Trained, assert_no_defect, click, gallery, words

BringIn = Callable[..., DatasetRecord]


def open_panel(at: AppTest, panel: str, record: DatasetRecord) -> AppTest:
    """What the browser does when an expander is opened."""
    at.session_state[f"{panel}-{record.id}"] = True
    at.run()
    assert_no_defect(at)
    return at


def choose_way(at: AppTest, record: DatasetRecord, way: str) -> AppTest:
    at.segmented_control(key=f"classes-way-{record.id}").select(way).run()
    assert_no_defect(at)
    return at


def class_counts(catalog: Catalog, record: DatasetRecord) -> dict[str, int]:
    return usable(curated(catalog, record.id))["label"].value_counts().to_dict()


@pytest.fixture
def owned(catalog: Catalog, class_folders: Callable[..., Path], tmp_path: Path) -> DatasetRecord:
    """A dataset whose images Lightbox keeps itself."""
    folder = class_folders({"cat": 3, "dog": 2}, root="zipped")
    archive = shutil.make_archive(str(tmp_path / "pets"), "zip", folder)
    record = intake.add_archive(catalog, Path(archive), "pets.zip", "Pets")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    return catalog.datasets.get(record.id)


def test_a_class_is_renamed_and_named_back_with_one_click(
    open_page: Open, catalog: Catalog, owned: DatasetRecord
) -> None:
    at = open_panel(open_page("data"), "classes", owned)
    at.text_input(key=f"rename-to-{owned.id}-cat").set_value("<b>big 🐈").run()
    click(at, "Rename the class")
    assert class_counts(catalog, owned) == {"<b>big 🐈": 3, "dog": 2}
    assert "“cat” is “<b>big 🐈” now. Your files are as they were." in words(at)
    assert not any(RAW.search(each.value) for each in [*at.markdown, *at.caption])
    click(at, "Undo")
    assert class_counts(catalog, owned) == {"cat": 3, "dog": 2}


def test_a_class_can_not_take_the_name_of_another(
    open_page: Open, catalog: Catalog, owned: DatasetRecord, cli: Cli
) -> None:
    at = open_panel(open_page("data"), "classes", owned)
    at.text_input(key=f"rename-to-{owned.id}-cat").set_value("Dog").run()
    click(at, "Rename the class")
    said = words(at)
    assert "There is already a class “dog”. Choose another name, or merge the two" in said
    assert cli("class", "rename", "Pets", "cat", "Dog").mistake in f"{said}\n"
    assert class_counts(catalog, owned) == {"cat": 3, "dog": 2}


def test_a_class_is_called_as_its_folder_is_wherever_it_is_renamed(
    open_page: Open, catalog: Catalog, owned: DatasetRecord, cli: Cli
) -> None:
    at = open_panel(open_page("data"), "classes", owned)
    at.text_input(key=f"rename-to-{owned.id}-cat").set_value("cats/big").run()
    click(at, "Rename the class")
    said = "is “cats_big” now. A class is called as its folder is, so this one is “cats_big”, not"
    assert f"“cat” {said}" in words(at)
    assert (
        f"“dog” {said.replace('cats', 'dogs')}"
        in cli("class", "rename", "Pets", "dog", "dogs/big").out
    )
    assert class_counts(catalog, owned) == {"cats_big": 3, "dogs_big": 2}


def test_classes_are_merged_into_one_and_taken_apart_again(
    open_page: Open, catalog: Catalog, owned: DatasetRecord
) -> None:
    at = choose_way(open_panel(open_page("data"), "classes", owned), owned, "Merge")
    assert at.button(key="merge-classes").disabled
    at.multiselect(key=f"merge-{owned.id}").select("cat").select("dog").run()
    at.text_input(key=f"merge-to-{owned.id}-cat").set_value("pet").run()
    click(at, "Merge 2 classes, 5 images")
    assert class_counts(catalog, owned) == {"pet": 5}
    click(at, "Undo")
    assert class_counts(catalog, owned) == {"cat": 3, "dog": 2}


def test_a_class_goes_into_another_that_is_there(
    open_page: Open, catalog: Catalog, owned: DatasetRecord
) -> None:
    at = choose_way(open_panel(open_page("data"), "classes", owned), owned, "Merge")
    at.multiselect(key=f"merge-{owned.id}").select("cat").run()
    at.text_input(key=f"merge-to-{owned.id}-cat").set_value("dog").run()
    assert "There is a class “dog” already; they become part of it." in words(at)
    click(at, "Merge 2 classes, 5 images")
    assert class_counts(catalog, owned) == {"dog": 5}


def test_photos_of_the_webcam_gather_and_go_into_a_class(
    open_page: Open, catalog: Catalog, owned: DatasetRecord, tmp_path: Path
) -> None:
    at = choose_way(open_panel(open_page("data"), "classes", owned), owned, "Add images")
    assert not at.camera_input, "the camera is off until it is asked for"
    at.segmented_control(key=f"add-from-{owned.id}").select("Webcam").run()
    for seed in (900, 901):
        shot = write_image(tmp_path / f"{seed}.jpg", seed).read_bytes()
        at.camera_input[0].set_value(("shot.jpg", shot, "image/jpeg")).run()
        assert_no_defect(at)
    assert len(gallery(at, f"shots-{owned.id}").ids) == 2
    at.selectbox(key=f"add-to-{owned.id}").select("dog").run()
    click(at, "Add 2 photos to “dog”")
    assert [job.kind for job in catalog.jobs.all()] == ["scan"]
    scan(catalog, owned.id)
    assert class_counts(catalog, owned) == {"cat": 3, "dog": 4}


def test_what_is_added_to_a_folder_of_ones_own_is_kept_apart_from_it(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 2, "dog": 2}))
    at = choose_way(open_panel(open_page("data"), "classes", record), record, "Add images")
    assert "It stays as it is; what you add is kept in" in words(at)
    assert any(each.key == f"add-to-{record.id}" for each in at.selectbox)


def test_what_changed_is_told_since_the_last_training(open_page: Open, trained: Trained) -> None:
    catalog, record_id = trained.catalog, trained.dataset_id
    run = catalog.runs.get(trained.run_id)
    table = curated(catalog, record_id)
    label, other = sorted(table["label"].unique())[:2]
    paths = list(table.loc[table["label"] == label, "path"])
    decide(catalog, record_id, "exclude", paths[:2])
    decide(catalog, record_id, "relabel", paths[2:5], label=other)
    record = catalog.datasets.get(record_id)
    # A training that was cancelled has learned from nothing.
    job = catalog.jobs.hold("train", {}, lane="train", subject=record_id)
    catalog.runs.add(
        "given up",
        dataset_id=record_id,
        dataset_version=record.version,
        spec=run.spec,
        job_id=job.id,
    )
    catalog.jobs.finish(job.id, "cancelled")
    at = open_panel(open_page("data", dataset=record_id), "changes", record)
    said = words(at)
    assert "Excluded: 2" in said
    assert "Moved to another class: 3" in said
    tables = {tuple(each.value.columns): each.value for each in at.dataframe}
    counts = tables["class", "before", "after"].set_index("class")
    assert counts.loc[label].tolist() == [12, 7]
    assert counts.loc[other].tolist() == [12, 15]
    since = at.selectbox(key=f"changes-old-{record_id}-{run.dataset_version}")
    assert not any("given up" in option for option in since.options)
    since.select(record.version).run()
    assert "No image changed between these versions." in words(at)
