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


def test_ids_are_safe_folder_names() -> None:
    assert new_id("../../etc") != new_id("../../etc")
    assert "/" not in new_id("../../etc")
    assert new_id("🖐").startswith("item-")
