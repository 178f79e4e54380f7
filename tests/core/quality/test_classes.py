"""A class that gets another name, or goes into another, leaves nothing of itself behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.datasets import intake
from core.errors import InvalidInput, NotFound
from core.quality.by_hand import rename_class
from core.quality.class_names import meant_class, new_class, renamed
from core.quality.classes import images_of
from core.quality.curation import curated, decide
from core.quality.scan import scan


@pytest.fixture
def pets(catalog: Catalog, class_folders: Callable[..., Path]) -> str:
    folder = class_folders({"cat": 2, "dog": 2})
    (folder / "cat" / "empty.jpg").write_bytes(b"")
    record = intake.add_folder(catalog, folder, "Pets", restrict=False)
    scan(catalog, record.id)
    return record.id


def test_excluded_and_unreadable_images_move_too(catalog: Catalog, pets: str) -> None:
    decide(catalog, pets, "exclude", ["cat/000.jpg"])
    rename_class(catalog, pets, "cat", " feline ")
    assert curated(catalog, pets)["label"].value_counts().to_dict() == {"feline": 3, "dog": 2}


@pytest.mark.parametrize("name", ["dog ", "Dog", "dog\x00", "DOG."])
def test_renaming_to_the_name_of_another_class_is_refused(
    catalog: Catalog, pets: str, name: str
) -> None:
    with pytest.raises(InvalidInput, match=r"already a class “dog”.*merge the two"):
        rename_class(catalog, pets, "cat", name)
    assert rename_class(catalog, pets, "cat", "cat") == []


def test_images_go_to_the_class_that_is_meant_and_to_a_new_one_as_folders_are_called(
    catalog: Catalog, pets: str
) -> None:
    def moved(label: str, *paths: str) -> str:
        change = decide(catalog, pets, "relabel", paths, label=label)
        assert change is not None
        return str(change.payload["label"])

    assert moved(" dog\n", "cat/000.jpg") == "dog"
    with pytest.raises(InvalidInput, match=r"already a class “cat”\. Write it like that"):
        moved("Cat", "dog/000.jpg")
    everything = images_of(catalog, pets, ["cat"])
    assert moved("Cat", *everything) == "Cat", "nothing stays in the other one"
    assert moved("cats/big", *everything) == "cats_big"
    assert moved("cat", *everything) == "cat", "as it was found"


def test_merging_moves_only_what_is_not_there_yet(catalog: Catalog, pets: str) -> None:
    assert images_of(catalog, pets, ["cat", "dog"], "dog") == [
        "cat/000.jpg",
        "cat/001.jpg",
        "cat/empty.jpg",
    ]
    assert len(images_of(catalog, pets, ["cat", "dog"], "pet")) == 5


def test_a_class_that_there_is_not_is_answered_with_those_that_there_are(
    catalog: Catalog, pets: str
) -> None:
    with pytest.raises(NotFound, match="There are: cat, dog"):
        images_of(catalog, pets, ["owl"], "cat")


def test_a_name_is_kept_as_it_is_written_where_a_folder_can_be_called_so() -> None:
    assert new_class("  <b>big\n 🐈 ", []) == "<b>big 🐈"
    assert new_class("Kase\u0301", []) == "Kas\u00e9"
    assert renamed("cat", "Big cat ") == "“cat” is “Big cat” now."
    assert renamed("cat", "a/b") == (
        "“cat” is “a_b” now. A class is called as its folder is, so this one is “a_b”, not “a/b”."
    )


@pytest.mark.parametrize("name", ["", " \n", "...", "x" * 81, "Thumbs.db"])
def test_what_no_folder_can_be_called_no_class_is(name: str) -> None:
    with pytest.raises(InvalidInput):
        new_class(name, [])
    with pytest.raises(InvalidInput):
        meant_class(name, ["cat"])
    assert meant_class(name, [name]) == name, "it came so"
