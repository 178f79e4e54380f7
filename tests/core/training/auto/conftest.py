"""What Auto is tried on: three colours, and a network that is traced in a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.catalog import Catalog, DatasetRecord
from tests import small_network
from tests.core.training.small import (
    add_colours,
    new_catalog,
)

# What doesn't hang on the network is tried with one that is traced in a moment.
SMALL: dict[str, Any] = {
    "recipe": "auto",
    "architecture": small_network.KEY,
    "image_size": 64,
    "minutes": 30,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    folder = tmp_path_factory.mktemp("auto")
    with small_network.registered(folder):
        yield new_catalog(folder)


@pytest.fixture(scope="module")
def dataset(home: Catalog, tmp_path_factory: pytest.TempPathFactory) -> DatasetRecord:
    return add_colours(home, tmp_path_factory.mktemp("data") / "colours", each=16)
