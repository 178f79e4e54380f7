"""Datasets have one name each, found as written, whatever is in it."""

from __future__ import annotations

import pytest

from core.catalog import Catalog
from core.catalog.datasets import new_id
from core.errors import Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.mark.parametrize("name", ["two words", "🖐 hands", 'say "cheese"', "<script>", "x" * 100])
def test_awkward_names_come_back_as_they_were_given(catalog: Catalog, name: str) -> None:
    record = catalog.datasets.add(name, "folder", "/photos")
    assert catalog.datasets.find(name) == record
    assert record.name == name
    assert all(c.isalnum() or c == "-" for c in record.id)


def test_the_same_name_twice_is_refused_and_the_first_is_kept(catalog: Catalog) -> None:
    first = catalog.datasets.add("hands", "folder", "/photos")
    with pytest.raises(Conflict, match="already a dataset named “hands”"):
        catalog.datasets.add(" hands ", "upload", "home:x")
    assert catalog.datasets.all() == [first]
    assert catalog.datasets.free_name("hands") == "hands 2"


@pytest.mark.parametrize("name", ["", "   ", "\n", "y" * 101])
def test_names_that_cannot_be_used_are_refused(catalog: Catalog, name: str) -> None:
    with pytest.raises(InvalidInput):
        catalog.datasets.add(name, "folder", "/photos")


def test_a_misspelt_name_is_answered_with_those_there_are(catalog: Catalog) -> None:
    catalog.datasets.add("hands", "folder", "/photos")
    with pytest.raises(NotFound, match="There are: “hands”"):
        catalog.datasets.find("hand")


def test_renaming_to_a_taken_name_is_refused(catalog: Catalog) -> None:
    catalog.datasets.add("a", "folder", "/a")
    second = catalog.datasets.add("b", "folder", "/b")
    with pytest.raises(Conflict):
        catalog.datasets.rename(second.id, "a")
    assert catalog.datasets.rename(second.id, "c").name == "c"


def test_one_in_the_bin_is_nowhere_else_gives_its_name_away_and_comes_back(
    catalog: Catalog,
) -> None:
    datasets, changes = catalog.datasets, catalog.changes
    first = datasets.add("hands", "folder", "/photos")
    changes.append(first.id, "index", {"images": 4}, author="tester")
    datasets.set(first.id, images=4)
    datasets.remove(first.id)
    assert datasets.all() == []
    for ask in (
        lambda: datasets.get(first.id),
        lambda: datasets.remove(first.id),
        lambda: datasets.rename(first.id, "other"),
        lambda: changes.append(first.id, "index", {}, author="tester"),
    ):
        with pytest.raises(NotFound, match="not here any more"):
            ask()
    with pytest.raises(NotFound, match="Bring it back first"):
        datasets.find("hands")
    assert datasets.free_name("hands") == "hands"
    second = datasets.add("hands", "folder", "/others")
    assert datasets.find("hands") == second
    assert datasets.in_bin("hands").id == first.id
    told = [(each.what, each.subject) for each in catalog.audit.entries()]
    assert told == [("removed a dataset", "hands"), ("scanned", "hands")]

    back = datasets.restore(first.id)
    assert (back.name, back.images, back.version) == ("hands 2", 4, 1)
    assert [each.name for each in datasets.all()] == ["hands", "hands 2"]
    assert len(changes.of(first.id)) == 1
    assert not datasets.forget(first.id), "it is not in the bin any more"
    with pytest.raises(NotFound, match="The bin is empty"):
        datasets.restore(first.id)

    datasets.remove(first.id)
    assert datasets.forget(first.id)
    assert (datasets.all(deleted=True), changes.of(first.id)) == ([], [])
    told = [(each.what, each.subject) for each in catalog.audit.entries()]
    assert ("removed a dataset for good", "hands 2") in told
    assert ("scanned", "hands 2") in told


def test_ids_are_safe_folder_names() -> None:
    assert new_id("../../etc") != new_id("../../etc")
    assert "/" not in new_id("../../etc")
    assert new_id("🖐").startswith("item-")
