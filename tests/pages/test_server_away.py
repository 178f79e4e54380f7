"""Pages of a team whose database goes away say so, and go on when it is back."""

from __future__ import annotations

import pytest

from core.catalog import Catalog
from tests.pages.conftest import Open
from tests.postgres import Server


@pytest.mark.parametrize("key", ["home", "data", "people"])
def test_while_the_database_is_away_a_page_says_so_and_afterwards_all_is_there(
    on_server: str, catalog: Catalog, server: Server, open_page: Open, key: str
) -> None:
    catalog.datasets.add("hands", "folder", "/photos")
    page = open_page(key)
    before = page.error.values
    server.stop()
    try:
        page.run()
        assert any("The database can’t be reached" in each.value for each in page.error)
        assert not page.exception
    finally:
        server.start()
    page.run()
    assert page.error.values == before
    assert not page.exception
