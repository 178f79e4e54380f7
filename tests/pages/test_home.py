"""Home is the studio: classes in cards, whatever state they are in, and what is done to them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.datasets.upload import UploadStage
from core.jobs import kinds
from core.quality.curation import curated, usable
from core.quality.scan import scan
from pages._widgets.studio.cards import KEY
from tests.core.datasets.packing import image_bytes
from tests.pages.conftest import Open, assert_no_defect, click, words

BringIn = Callable[..., DatasetRecord]
_AT = count(1)


def shown(at: AppTest) -> dict[str, Any]:
    """What the cards are given."""
    (found,) = [each for each in at.get("bidi_component") if (each.key or "") == KEY]
    return dict(json.loads(found.proto.json))


def counts(at: AppTest) -> dict[str, int]:
    return {each["label"]: each["count"] for each in shown(at)["classes"]}


def person(at: AppTest, **event: object) -> AppTest:
    """What the browser does when somebody does something to the cards."""
    at.session_state[KEY] = {"events": [{"at": next(_AT), **event}]}
    at.run()
    assert_no_defect(at)
    return at


def drop(at: AppTest, catalog: Catalog, *paths: str, **event: object) -> AppTest:
    """Drop photos of these paths, which arrive."""
    token = shown(at)["tokens"][0]
    stage = UploadStage(catalog.workspace, token)
    for path in paths:
        stage.add(path, io.BytesIO(image_bytes(next(_AT))))
    return person(at, do="photos", token=token, taken=len(paths), **event)


def test_an_empty_studio_has_two_blank_cards_and_few_words(open_page: Open) -> None:
    at = open_page()
    assert counts(at) == {"Class 1": 0, "Class 2": 0}
    said = [words(at), *(each.label for each in at.button)]
    assert len(" ".join(said).split()) < 45


def test_the_digits_are_queued_once_however_often_they_are_asked_for(
    open_page: Open, catalog: Catalog
) -> None:
    click(open_page(), "Sample: handwritten digits")
    click(open_page(), "Sample: handwritten digits")
    (record,) = catalog.datasets.all()
    (job,) = catalog.jobs.all()
    assert record.origin == "sample"
    assert (job.kind, job.state, job.subject) == ("import", "queued", record.id)


def test_a_dropped_folder_becomes_a_project(open_page: Open, catalog: Catalog) -> None:
    at = drop(
        open_page(), catalog, "pets/cat/1.png", "pets/dog/1.png", "pets/dog/2.png", folder="pets"
    )
    (record,) = catalog.datasets.all()
    assert (record.name, record.origin) == ("pets", "upload")
    assert shown(at)["busy"]["job"]
    scan(catalog, record.id)
    catalog.jobs.finish(record.job_id or catalog.jobs.all()[0].id, "done")
    at.run()
    assert counts(at) == {"cat": 1, "dog": 2}
    # Another one is asked about, and can be added.
    at = drop(at, catalog, "more/x/fox/1.png", "more/x/cat/2.png", folder="more")
    assert "2 photos in “more”" in words(at)
    click(at, "Add to “pets”")
    assert len(catalog.datasets.all()) == 1


def test_photos_go_into_a_blank_card_and_undo_takes_them_out(
    open_page: Open, catalog: Catalog
) -> None:
    at = person(open_page(), do="rename", label="Class 2", name="fist")
    at = drop(at, catalog, "a.png", "b.png", into="fist")
    (record,) = catalog.datasets.all()
    scan(catalog, record.id)
    catalog.jobs.finish(catalog.jobs.all()[0].id, "done")
    at.run()
    assert counts(at) == {"Class 1": 0, "fist": 2}
    assert "2 photos added to “fist”" in words(at)
    click(at, "Undo")
    assert counts(at) == {"Class 1": 0, "fist": 0}
    person(at, do="add")
    assert list(counts(at)) == ["Class 1", "fist", "Class 3"]


def test_a_class_is_removed_and_comes_back(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    at = person(open_page(), do="remove", label="dog")
    assert counts(at) == {"cat": 5}
    assert counts(click(at, "Undo")) == {"cat": 5, "dog": 5}
    person(at, do="rename", label="dog", name="CAT")
    assert "There is already a class “cat”." in words(at)
    assert counts(at) == {"cat": 5, "dog": 5}


def test_an_upload_of_somebody_else_is_not_taken(open_page: Open, catalog: Catalog) -> None:
    stage = UploadStage(catalog.workspace, "somebody-elses-token-1234")
    stage.add("cat/1.png", io.BytesIO(image_bytes(1)))
    person(open_page(), do="photos", token="somebody-elses-token-1234", taken=1, folder="cat")
    assert catalog.datasets.all() == []


def test_all_that_is_wrong_is_said_and_each_fix_opens_its_own_list(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    folder = class_folders({"cat": 5, "dog": 5})
    (folder / "dog" / "same.jpg").write_bytes((folder / "cat" / "000.jpg").read_bytes())
    (folder / "dog" / "cut.jpg").write_bytes((folder / "dog" / "000.jpg").read_bytes()[:400])
    (folder / "dog" / "text.jpg").write_text("no picture")
    (folder / "dog" / "nothing.jpg").touch()
    bring_in(folder, "Pets")
    at = open_page()
    assert "Also: 1 photo is an empty file." in words(at)
    assert "1 photo is in two classes." in words(at)
    assert "1 photo is cut off." in words(at)
    at.button(key="studio-fix-truncated").click().run()
    assert_no_defect(at)
    assert at.title[0].value == "Clean"
    assert "truncated" in at.query_params["look"]


def test_a_new_project_is_there_from_the_first_click_and_gives_way_to_the_sample(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    pets = bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    at = click(click(open_page(), "New"), "New")
    (blank,) = [each for each in catalog.datasets.all() if each.id != pets.id]
    assert counts(at) == counts(open_page(dataset=blank.id)) == {"Class 1": 0, "Class 2": 0}
    at.button(key="studio-sample").click().run()
    assert_no_defect(at)
    assert shown(at)["busy"]["job"]
    assert {each.origin for each in catalog.datasets.all()} == {"folder", "sample"}


def test_a_project_that_was_left_does_not_come_back_with_an_address_that_is_late(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    first = bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    second = bring_in(class_folders({"oak": 5, "elm": 5}, "trees"), "Trees")
    at = open_page(dataset=first.id)
    at.button(key=f"project-{second.id}").click().run()
    assert set(counts(at)) == {"elm", "oak"}
    # What a browser says that has not heard of it yet.
    at.query_params["dataset"] = first.id
    at.run()
    assert_no_defect(at)
    assert set(counts(at)) == {"elm", "oak"}
    assert second.id in at.query_params["dataset"]


def test_folders_named_like_splits_are_asked_about_in_a_dialog(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"train": 5, "test": 5}), "Pets")
    at = open_page()
    assert "This folder looks like train and test." in words(at)
    at = click(at, "Fix")
    assert "Each folder is a class" in words(at)
    at = click(at, "Yes, this")
    assert "looks like train" not in words(at)
    assert [job.kind for job in catalog.jobs.all()] == ["scan"]


def test_several_pairs_of_classes_that_may_be_one_are_all_said(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders(dict.fromkeys(("cat", "Cat", "dog", "Dog"), 3)), "Pets")
    at = open_page()
    assert_no_defect(at)
    assert "“Cat” and “cat” may be one class." in words(at)
    assert "“Dog” and “dog” may be one class." in words(at)


def test_two_ways_to_write_a_class_are_merged_in_the_dialog_which_then_closes(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"Cat": 2, "cat": 3, "dog": 4}), "Pets")
    at = open_page()
    at.button(key="studio-alike-1").click().run()
    assert_no_defect(at)
    at = click(at, "Merge into “cat”")
    assert not [button for button in at.button if button.label.startswith("Merge")]
    assert counts(at) == {"cat": 5, "dog": 4}
    at.button(key="studio-undo").click().run()
    assert counts(at) == {"Cat": 2, "cat": 3, "dog": 4}


def test_how_train_and_test_folders_were_understood_is_said(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    names = ("train/cat", "train/dog", "test/cat", "test/dog")
    bring_in(class_folders(dict.fromkeys(names, 4)), "Pets")
    said = words(open_page())
    assert "as your folders say: “test” 8, “train” 8." in said
    assert "looks like train" not in said


def test_a_failed_import_says_why_and_can_be_removed(
    open_page: Open, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "1.png").write_bytes(image_bytes(1))
    record = intake.add_folder(catalog, tmp_path / "flat", restrict=True)
    job = kinds.submit_import(catalog, record.id)
    at = open_page()
    assert shown(at)["busy"]["job"]
    catalog.datasets.set(record.id, state="failed", problem="Its images have no classes.")
    catalog.jobs.finish(job.id, "failed", "Its images have no classes.")
    at.run()
    assert "Its images have no classes." in words(at)
    click(at, "Remove it")
    assert catalog.datasets.all() == []


def test_of_200_classes_a_page_is_shown(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({f"c{n}": 1 for n in range(200)}), "Many")
    at = open_page()
    assert list(counts(at)) == [f"c{n}" for n in range(12)]
    assert sum(len(each["pictures"]) for each in shown(at)["classes"]) == 12
    assert record.classes == 200
    at.text_input(key=f"studio-find-{record.id}").set_value("C19").run()
    assert_no_defect(at)
    assert list(counts(at)) == ["c19", *(f"c{n}" for n in range(190, 200))]
    at.text_input(key=f"studio-find-{record.id}").set_value("x").run()
    assert counts(at) == {}
    assert "No class is called anything like “x”." in words(at)


def test_a_photo_is_taken_out_in_the_dialog_of_its_class(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    at = person(open_page(), do="see", label="cat")
    assert "5 photos." in words(at)
    (key,) = [b.key for b in at.get("bidi_component") if (b.key or "").startswith("studio-seen")]
    at.session_state[key] = {"selected": ["cat/003.jpg"]}
    at.run()
    click(at, "Take 1 photo out")
    assert "cat/003.jpg" not in set(usable(curated(catalog, record.id))["path"])
