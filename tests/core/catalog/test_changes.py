"""The log only grows, and two people at once both get their decision in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.catalog import Catalog
from core.errors import NotFound

pytestmark = pytest.mark.usefixtures("either_database")


def test_each_change_makes_the_next_version(catalog: Catalog) -> None:
    dataset = catalog.datasets.add("hands", "folder", "/photos")
    for path in ("a", "b"):
        catalog.changes.append(dataset.id, "exclude", {"paths": [path]}, author="ana")
    assert [change.version for change in catalog.changes.of(dataset.id)] == [1, 2]
    assert catalog.datasets.get(dataset.id).version == 2
    assert [c.payload for c in catalog.changes.of(dataset.id, up_to=1)] == [{"paths": ["a"]}]


def test_two_people_at_once_lose_nothing(catalog: Catalog) -> None:
    dataset = catalog.datasets.add("hands", "folder", "/photos")

    def decide(number: int) -> None:
        catalog.changes.append(dataset.id, "exclude", {"paths": [str(number)]}, author="a")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decide, range(24)))
    log = catalog.changes.of(dataset.id)
    assert [change.version for change in log] == list(range(1, 25))
    assert {change.payload["paths"][0] for change in log} == {str(n) for n in range(24)}


def test_a_dataset_that_is_gone_is_said(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        catalog.changes.append("gone", "exclude", {}, author="ana")
