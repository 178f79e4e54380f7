"""What changed between two versions is told image by image, whatever changed it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.errors import InvalidInput, NotFound
from core.quality.curation import decide, undo
from core.quality.scan import scan
from core.quality.versions import Moved, diff
from tests.conftest import write_image


@pytest.fixture
def pets(
    catalog: Catalog, class_folders: Callable[..., Path]
) -> tuple[DatasetRecord, Path, Catalog]:
    folder = class_folders({"cat": 3, "dog": 2})
    record = intake.add_folder(catalog, folder, "Pets", restrict=False)
    scan(catalog, record.id)
    return record, folder, catalog


Pets = tuple[DatasetRecord, Path, Catalog]


def version(catalog: Catalog, record: DatasetRecord) -> int:
    return catalog.datasets.get(record.id).version


def test_a_version_is_the_same_as_itself(pets: Pets) -> None:
    record, _, catalog = pets
    found = diff(catalog, record.id, 1, 1)
    assert found.empty
    assert found.before == found.after == {"cat": 3, "dog": 2}


def test_decisions_are_told_apart_and_counted_by_class(pets: Pets) -> None:
    record, _, catalog = pets
    old = version(catalog, record)
    decide(catalog, record.id, "exclude", ["dog/001.jpg", "cat/000.jpg"])
    decide(catalog, record.id, "relabel", ["cat/000.jpg", "cat/001.jpg"], label="dog")
    found = diff(catalog, record.id, old, version(catalog, record))
    assert found.excluded == ("cat/000.jpg", "dog/001.jpg")
    assert found.moved == (
        Moved("cat/000.jpg", "cat", "dog"),
        Moved("cat/001.jpg", "cat", "dog"),
    )
    assert (found.added, found.removed, found.changed, found.restored) == ((), (), (), ())
    assert (found.before, found.after) == ({"cat": 3, "dog": 2}, {"cat": 1, "dog": 2})


def test_the_way_back_is_the_way_there_turned_round(pets: Pets) -> None:
    record, _, catalog = pets
    decide(catalog, record.id, "exclude", ["cat/000.jpg"])
    decide(catalog, record.id, "relabel", ["dog/000.jpg"], label="wolf")
    back = diff(catalog, record.id, version(catalog, record), 1)
    assert back.restored == ("cat/000.jpg",)
    assert back.moved == (Moved("dog/000.jpg", "wolf", "dog"),)
    assert back.classes == ["cat", "dog", "wolf"]


def test_what_was_undone_did_not_change(pets: Pets) -> None:
    record, _, catalog = pets
    change = decide(catalog, record.id, "exclude", ["cat/000.jpg"])
    assert change is not None
    undo(catalog, record.id, [change.version])
    assert diff(catalog, record.id, 1, version(catalog, record)).empty


def test_files_that_came_went_or_changed_are_told(pets: Pets) -> None:
    record, folder, catalog = pets
    old = version(catalog, record)
    write_image(folder / "cat" / "new.jpg", 77)
    write_image(folder / "dog" / "000.jpg", 78)
    (folder / "dog" / "001.jpg").unlink()
    (folder / "cat" / "002.jpg").write_bytes(b"")
    scan(catalog, record.id)
    found = diff(catalog, record.id, old, version(catalog, record))
    assert found.added == ("cat/new.jpg",)
    assert found.removed == ("dog/001.jpg",)
    assert found.changed == ("cat/002.jpg", "dog/000.jpg")
    assert found.after == {"cat": 3, "dog": 1}


@pytest.mark.parametrize("wrong", [0, -1, 99])
def test_a_version_that_there_is_not_is_refused_with_those_that_there_are(
    pets: Pets, wrong: int
) -> None:
    record, _, catalog = pets
    with pytest.raises(InvalidInput, match="Use a number from 1 to 1"):
        diff(catalog, record.id, wrong, 1)
    with pytest.raises(InvalidInput, match=f"no version {wrong} "):
        diff(catalog, record.id, 1, wrong)


def test_a_dataset_that_is_gone_is_said_to_be(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        diff(catalog, "nothing", 1, 2)
