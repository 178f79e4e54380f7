"""Several computers in one test: each with a home of its own, one database, one store of files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, open_catalog
from core.files.depot.tending import TendedDepot
from core.workspace import open_workspace

Computer = Callable[[str], Catalog]


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path) -> Computer:
    """Open the catalog on another computer: with a home of its own, and the lists of all."""
    if "LIGHTBOX_DATABASE" not in os.environ:
        lists = tmp_path / "lists.db"
        shutil.copyfile(empty_database, lists)
        monkeypatch.setenv("LIGHTBOX_DATABASE", f"sqlite:///{lists}")
    monkeypatch.setattr("core.files.depot.places._WAITS", (0.01, 0.01, 0.01))
    return lambda name: open_catalog(open_workspace(tmp_path / name))


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files are kept in a folder that all computers see."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("LIGHTBOX_FILES", str(folder))
    return folder


@pytest.fixture(params=["folder", "memory", "s3"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Files are kept in each kind of store, one after the other."""
    if request.param == "folder":
        return str(request.getfixturevalue("shared"))
    pytest.importorskip("fsspec")
    address = f"memory://{request.node.name}"
    if request.param == "s3":
        address = f"s3://{request.getfixturevalue('bucket').name}/of/lightbox"
    monkeypatch.setenv("LIGHTBOX_FILES", address)
    return address


def depot_of(catalog: Catalog) -> TendedDepot:
    """Who keeps a computer's folders."""
    keeper = catalog.workspace.keeper
    assert isinstance(keeper, TendedDepot)
    return keeper
