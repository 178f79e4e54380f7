"""Pages of a team whose store goes away show all but the pictures that lie there, and say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import open_catalog
from core.datasets.intake import add_folder
from core.files.depot import fetcher
from core.quality.scan import scan
from core.workspace import open_workspace
from tests.computers import Computer, depot_of
from tests.pages.conftest import Open, gallery, words


def test_pictures_in_a_store_that_is_away_are_missing_and_nothing_else_is(
    computer: Computer,
    shared: Path,
    class_folders: Callable[..., Path],
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = computer("other")
    record = add_folder(other, class_folders({"cat": 3, "dog": 3}), "pets", restrict=False)
    scan(other, record.id)
    depot_of(other).settle()
    monkeypatch.setattr(fetcher, "_SMALL", 0)
    here = open_catalog(open_workspace())
    here.workspace.dataset(record.id)
    away = shared.rename(shared.with_name("away"))
    at = open_page("data", dataset=record.id)
    # Once, whatever is missing.
    (said,) = at.warning
    assert "The folder for shared files is not there" in said.value
    assert "Usable images: 6" in words(at)
    for label in ("cat", "dog"):
        tiles = gallery(at, f"class-{record.id}-{label}").tiles
        assert [tile["src"] for tile in tiles] == [""] * 3
    away.rename(shared)
    monkeypatch.setattr("core.files.depot.pieces._GONE_FOR_S", 0.0)
    at.run()
    assert not at.warning
    assert all(tile["src"] for tile in gallery(at, f"class-{record.id}-cat").tiles)
