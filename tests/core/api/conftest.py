"""A server with the API for all tests of a file, and a program with a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.api import v1
from core.catalog import Catalog, RunRecord
from tests.core.api.asking import Client, add_run, with_key
from tests.core.api.serving import serving


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The address of a server that answers below /api/."""
    with serving(v1.ROUTES) as base:
        yield base


@pytest.fixture
def model(catalog: Catalog) -> RunRecord:
    """A finished run."""
    return add_run(catalog)


@pytest.fixture
def program(api: str, catalog: Catalog) -> Client:
    """A client that has a key."""
    return with_key(api, catalog)
