"""A class that gets another name, or goes into another, leaves nothing of itself behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.datasets import intake
from core.errors import InvalidInput, NotFound
from core.quality.classes import images_of, rename_class, tidy
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
    paths = rename_class(catalog, pets, "cat", " feline ")
    assert paths == ["cat/000.jpg", "cat/001.jpg", "cat/empty.jpg"]
    decide(catalog, pets, "relabel", paths, label=tidy(" feline "))
    assert set(curated(catalog, pets)["label"]) == {"feline", "dog"}


def test_renaming_to_the_name_of_another_class_is_refused(catalog: Catalog, pets: str) -> None:
    with pytest.raises(InvalidInput, match="already a class “dog”"):
        rename_class(catalog, pets, "cat", "dog ")
    assert rename_class(catalog, pets, "cat", "cat") == []


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


def test_a_name_is_kept_as_it_is_written() -> None:
    assert tidy("  <b>big</b>\n 🐈 ") == "<b>big</b> 🐈"
    assert tidy("Kase\u0301") == "Kas\u00e9"
