"""Images that were added to a folder of a person's own are found wherever the workspace lies."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog, open_catalog
from core.datasets import intake
from core.datasets.pixels import Files, load_pixels
from core.datasets.places import image_file
from core.datasets.upload import UploadStage
from core.quality import curation
from core.quality.export import export_dataset
from core.quality.index import read_index, write_index
from core.quality.scan import scan
from core.workspace import open_workspace
from tests.core.datasets.packing import image_bytes

MINE = ["home:datasets/{}/added/cat/new 7.png", "home:datasets/{}/added/cat/new 8.png"]


@pytest.fixture
def dataset_id(catalog: Catalog, tmp_path: Path) -> str:
    """A folder of four photos, two more in the workspace, and one of those excluded."""
    for number in range(4):
        file = tmp_path / "photos" / ("cat" if number % 2 else "dog") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(image_bytes(number))
    record = intake.add_folder(catalog, tmp_path / "photos", restrict=False)
    stage = UploadStage(catalog.workspace)
    for number in (7, 8):
        stage.add(f"new {number}.png", io.BytesIO(image_bytes(number)))
    stage.gather("cat")
    scan(catalog, record.id)
    assert stage.add_to(catalog, record.id) == [path.format(record.id) for path in MINE]
    scan(catalog, record.id)
    curation.decide(catalog, record.id, "exclude", [MINE[0].format(record.id)])
    return record.id


def _moved(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    home = catalog.workspace.home
    shutil.copytree(home, home.with_name("elsewhere"))
    shutil.rmtree(home)
    monkeypatch.setenv("LIGHTBOX_HOME", str(home.with_name("elsewhere")))
    return open_catalog(open_workspace())


def _works(catalog: Catalog, dataset_id: str, tmp_path: Path) -> None:
    table = curation.curated(catalog, dataset_id)
    mine = [path.format(dataset_id) for path in MINE]
    assert table.loc[table["excluded"], "path"].tolist() == mine[:1]
    root = catalog.workspace.load_path(catalog.datasets.get(dataset_id).root)
    assert all(image_file(root, path).is_file() for path in table["path"])
    pixels = load_pixels(catalog.workspace, dataset_id, Files(root, table, 16))
    assert not pixels.failed
    done = export_dataset(catalog, dataset_id, tmp_path / "out")
    assert (done.images, done.left_out) == (5, ())


def test_what_was_added_and_decided_moves_with_the_workspace(
    catalog: Catalog, dataset_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = _moved(catalog, monkeypatch)
    _works(there, dataset_id, tmp_path)
    assert scan(there, dataset_id).reused == 6


def test_whole_paths_of_earlier_versions_are_found_and_move_too(
    catalog: Catalog, dataset_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {
        path.format(dataset_id): image_file("", path.format(dataset_id)).as_posix() for path in MINE
    }
    name = [c for c in catalog.changes.of(dataset_id) if c.action == "index"][-1].payload["file"]
    table = read_index(catalog.workspace, dataset_id, name)
    old = table.assign(path=pd.Series([whole.get(p, p) for p in table["path"]], dtype="str"))
    # Another name, since what was read once under a name is kept.
    write_index(catalog.workspace, dataset_id, "index-9.parquet", [old])
    payload = {"file": "index-9.parquet", "skipped": "skipped-1.json", "images": 6}
    catalog.changes.append(dataset_id, "index", payload, author="old", why="scan")
    paths = {"paths": [whole[MINE[0].format(dataset_id)]]}
    catalog.changes.append(dataset_id, "exclude", paths, author="old", why="")
    there = _moved(catalog, monkeypatch)
    _works(there, dataset_id, tmp_path)
    assert scan(there, dataset_id).reused == 6
