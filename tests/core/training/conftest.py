"""What runs are tried on: three colours of twelve images each, added once for a file's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from tests.core.training.small import add_colours, new_catalog


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return new_catalog(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(scope="module")
def dataset(home: Catalog, photos: Path) -> DatasetRecord:
    return add_colours(home, photos / "colours")
