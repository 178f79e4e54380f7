"""Folders go into a store, into another one, and home again, or stay where they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.catalog import Catalog, open_catalog
from core.catalog.backups import backup, restore
from core.catalog.moving_files import move_files
from core.cli import main
from core.datasets import removal
from core.errors import Conflict, Damaged, Unreachable
from core.files.depot import fetcher
from core.files.depot.places import FolderPlace, Tell
from core.quality.curation import curated
from core.workspace import open_workspace
from tests.bucket import Bucket, Fault
from tests.core.catalog import test_backups

pytestmark = pytest.mark.file_only


def content(home: Path) -> dict[str, bytes]:
    """What lies in a home, but for what is known of it."""
    found = test_backups.content(home)
    return {path: data for path, data in found.items() if not path.startswith(".depot")}


@pytest.fixture
def kept(catalog: Catalog, tmp_path: Path) -> Catalog:
    """A catalog with a dataset, one in the bin, and a run."""
    dataset = test_backups.filled(catalog, tmp_path)
    binned = catalog.datasets.add("Binned", "upload", "home:datasets/binned/originals", "binned")
    image = catalog.workspace.originals(binned.id) / "a.jpg"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"image")
    removal.remove(catalog, binned.id)
    run = catalog.workspace.run("night-1") / "model.xml"
    run.parent.mkdir(parents=True)
    run.write_text("weights")
    curated(catalog, dataset)
    return catalog


def test_there_and_on_and_home_again(
    kept: Catalog, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(kept.workspace.home)
    address = f"s3://{bucket.name}/lightbox"
    assert main(["move-files", address]) == 0
    monkeypatch.setenv("LIGHTBOX_FILES", address)
    # What is on this disk is a copy by now.
    for each in ("datasets", "runs", "removed"):
        shutil.rmtree(kept.workspace.home / each, ignore_errors=True)
    monkeypatch.setattr(fetcher, "_SMALL", 0)
    there = open_catalog(open_workspace())
    # Thumbnails are left there until somebody needs them whole.
    photos = there.datasets.find("Photos").id
    assert not (there.workspace.dataset(photos) / "thumbs.pack").exists()
    assert (there.workspace.run("night-1") / "model.xml").read_text() == "weights"
    folder = tmp_path / "shared"
    folder.mkdir()
    moved = move_files(there, str(folder))
    assert (moved.place, moved.folders) == (str(folder), 4)
    monkeypatch.setenv("LIGHTBOX_FILES", str(folder))
    again = open_catalog(open_workspace())
    restored = removal.restore(again, "binned")
    assert (again.workspace.originals(restored.id) / "a.jpg").read_bytes() == b"image"
    # Changed since, and not said by anybody yet.
    (kept.workspace.home / "runs/night-1/model.xml").write_text("better")
    assert main(["move-files", "home"]) == 0
    monkeypatch.delenv("LIGHTBOX_FILES")
    assert open_catalog(open_workspace()).workspace.keeper is None
    after = content(kept.workspace.home)
    expected = {path.replace("removed/", "datasets/"): data for path, data in before.items()}
    assert after == {**expected, "runs/night-1/model.xml": b"better"}
    with pytest.raises(Conflict, match="already"):
        move_files(open_catalog(open_workspace()), "home")


def test_what_isnt_there_as_it_was_here_is_not_moved(
    kept: Catalog, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(kept.workspace.home)
    bucket.wire.faults["*"] = Fault("error")
    with pytest.raises(Unreachable):
        move_files(kept, f"s3://{bucket.name}")
    real = FolderPlace.send

    def broken(self: FolderPlace, source: Path, name: str, tell: Tell) -> None:
        real(self, source, name, tell)
        if source.name == "model.xml":
            self.write(name, b"weighty")

    monkeypatch.setattr(FolderPlace, "send", broken)
    (tmp_path / "shared").mkdir()
    with pytest.raises(Damaged, match=r"model\.xml"):
        move_files(kept, str(tmp_path / "shared"))
    assert kept.folders.place() is None
    moved = {path.replace("removed/", "datasets/"): data for path, data in before.items()}
    assert content(kept.workspace.home) == moved
    assert not list(kept.workspace.home.glob(".depot*"))


def test_a_backup_has_what_lies_in_a_store_and_is_put_back_into_one(
    kept: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    move_files(kept, str(shared))
    monkeypatch.setenv("LIGHTBOX_FILES", str(shared))
    home = kept.workspace.home
    before = content(home)
    for each in ("datasets", "runs"):
        shutil.rmtree(home / each)
    monkeypatch.setattr(fetcher, "_SMALL", 0)
    there = open_catalog(open_workspace())
    for record in there.datasets.all():
        assert not (there.workspace.dataset(record.id) / "thumbs.pack").exists()
    backup(there.workspace, tmp_path / "all.lightbox")
    assert content(home) == before
    (home / "runs/night-1/model.xml").write_text("worse")
    kept.engine.dispose()
    open_catalog(open_workspace()).engine.dispose()
    assert main(["workspace", "restore", str(tmp_path / "all.lightbox"), "--replace"]) == 0
    assert content(home) == before
    # Without what is on this disk.
    for each in ("datasets", "runs", ".depot"):
        shutil.rmtree(home / each)
    again = open_catalog(open_workspace())
    assert (again.workspace.run("night-1") / "model.xml").read_text() == "weights"
    # And into none.
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "other"))
    monkeypatch.delenv("LIGHTBOX_FILES")
    restore(tmp_path / "other", tmp_path / "all.lightbox")
    assert content(tmp_path / "other") == before
    assert open_catalog(open_workspace()).folders.all() == {}
